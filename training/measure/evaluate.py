"""Measures a model file on held-out packages, by language, through llama.cpp as the server does.

python -m training.measure.evaluate --model server/leanwide/models/embedded/leanwide-embedded.gguf
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
from tqdm import tqdm

from training.data import evaluation_set, layout, packed, pairs
from training.data.evaluation_set import Case, Function
from training.data.holes import Hole
from training.measure import baselines, greedy, memory, metrics, reports
from training.measure.llama import SERVED, Load, Runner

COUNTS: Final = (1, 2, 4, 8)
ASKED: Final = 4
"""Experts for questions: the nominal count, as in the server's wide lane."""
MOST: Final = 64
"""Tokens of a completion: no held-out line is longer, and blocks of this length show whether the
model stops."""
CONTEXT: Final = 2048


@dataclass(frozen=True, slots=True)
class Outcome:
    """One completion of a case, compared with the truth. ``nll`` is nats per token."""

    exact: bool
    similarity: float
    parses: bool
    stops: bool
    nll: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The model's explanation of a held-out function, and its author's."""

    language: str
    path: str
    name: str
    code: str
    docstring: str
    answer: str


def judged(case: Case, text: str, nll: float, *, stopped: bool) -> Outcome:
    """Compare a completion with the truth; line figures use the first line only."""
    line, truth = metrics.first_line(text), case.truth_line.rstrip()
    return Outcome(
        exact=line == truth,
        similarity=metrics.edit_similarity(line, truth),
        parses=metrics.parses(
            case.language, case.path, (case.earlier + case.typed, text, case.later), case.truth
        ),
        stops=stopped and text.count("\n") == case.truth.count("\n"),
        nll=nll,
    )


@dataclass(frozen=True, slots=True)
class Completed:
    """A model's completions of all cases, in their order, and its speed."""

    outcomes: list[Outcome]
    tokens_per_second: float


def completed(path: Path, experts: int, cases: list[Case], threads: int) -> Completed:
    """Complete every case at one expert count."""
    load = Load(experts=experts, context=CONTEXT, threads=threads, precision=SERVED)
    outcomes, tokens, seconds = [], 0, 0.0
    with Runner(path, load) as runner:
        for case in tqdm(cases, desc=f"{experts} experts", unit="case"):
            hole = Hole(case.kind, case.prefix, "", case.suffix)
            prompt = layout.infill_prompt(case.path, (), hole, runner.encode)
            made = runner.complete(prompt, case.typed, case.truth, MOST)
            outcomes.append(judged(case, made.text, made.nll, stopped=made.stopped))
            tokens, seconds = tokens + len(made.tokens), seconds + made.seconds
    return Completed(outcomes, tokens / seconds)


def together(paths: list[Path], counts: list[int], cases: list[Case]) -> list[Completed]:
    """Complete every case with each file at its count, each in a process with one thread.

    Half of the time goes into parsing, which uses one core only.
    """
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return list(pool.map(completed, paths, counts, repeat(cases), repeat(1)))


def copying(cases: list[Case]) -> dict[str, object]:
    """Complete every case by copying the most similar earlier line."""
    lines = (baselines.copied_line(case.earlier, case.typed) for case in cases)
    pairs = zip(cases, lines, strict=True)
    return summary([judged(case, line, float("nan"), stopped=True) for case, line in pairs])


def ngram(path: Path, tokens: np.ndarray, cases: list[Case]) -> dict[str, object]:
    """Complete every case with a 5-gram model over the training tokens of its language."""
    load = Load(experts=1, context=CONTEXT, threads=1, precision=SERVED)
    with Runner(path, load) as runner:
        counts = baselines.NGram(tokens, runner.size)
        return summary([_ngram_case(counts, runner, case) for case in tqdm(cases, desc="5-gram")])


def summary(outcomes: list[Outcome]) -> dict[str, object]:
    """Return each figure's mean with its interval."""
    return {
        name: asdict(metrics.bootstrap([getattr(outcome, name) for outcome in outcomes]))
        for name in Outcome.__dataclass_fields__
    }


def explanations(path: Path, experts: int, asked: Iterable[Function]) -> list[Answer]:
    """Ask the model to explain functions, as ``leanwide explain`` does."""
    load = Load(experts=experts, context=CONTEXT, threads=2, precision=SERVED)
    with Runner(path, load) as runner:
        return [
            Answer(
                function.language,
                function.path,
                function.name,
                function.code,
                function.docstring,
                runner.complete(
                    layout.chat_prompt(
                        layout.system("explain"),
                        pairs.asked("Explain this code.", function.code, function.language),
                        runner.encode,
                    ),
                    "", ".", MOST,
                ).text,
            )
            for function in asked
        ]  # fmt: skip


def first_completion_s(path: Path) -> float:
    """Return the seconds from the start of a new process to the end of its first completion."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "training.measure.complete", "--model", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def _ngram_case(counts: baselines.NGram, runner: Runner, case: Case) -> Outcome:
    begun = runner.encode(case.typed)
    owed = runner.pieces[begun[-1]] if begun else b""
    context = [*runner.encode(case.prefix)[-8:], *begun[:-1]]

    decoded = greedy.decode(_continued(counts, context), runner.pieces, runner.ends, owed, MOST)
    text = greedy.text_after(runner.pieces, decoded.tokens, owed)
    rest = runner.encode(case.typed + case.truth)[max(0, len(begun) - 1) :]
    return judged(case, text, _ngram_nll(counts, context, rest), stopped=decoded.stopped)


def _continued(counts: baselines.NGram, context: list[int]) -> Callable[[int | None], np.ndarray]:
    history = list(context)

    def step(token: int | None) -> np.ndarray:
        history.extend([] if token is None else [token])
        return counts.probabilities(history[-4:])

    return step


def _ngram_nll(counts: baselines.NGram, context: list[int], rest: list[int]) -> float:
    history, total = list(context), 0.0
    for token in [*rest, 0]:
        total -= float(np.log(counts.probabilities(history[-4:])[token]))
        history.append(token)
    return total / (len(rest) + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Numbers of held-out cases of each language, and of freely sampled texts, to measure."""

    cases: int
    texts: int


def by_language(path: Path, data: Path, most: int) -> dict[str, Any]:
    """Return the figures of a model and both baselines for each language of the held-out cases."""
    cases = {name: own[:most] for name, own in evaluation_set.read_cases(data).items()}
    every = [case for own in cases.values() for case in own]
    made = dict(zip(COUNTS, together([path] * len(COUNTS), list(COUNTS), every), strict=True))
    samples = packed.load(data / "samples")
    results: dict[str, Any] = {}
    first = 0
    for language, own in cases.items():
        part = slice(first, first + len(own))
        first += len(own)
        results[language] = {
            "cases": len(own),
            "experts": {count: summary(run.outcomes[part]) for count, run in made.items()},
            "copy": copying(own),
            "ngram": ngram(path, samples.tokens_of(language), own),
        }
    speeds = {count: run.tokens_per_second for count, run in made.items()}
    return {"languages": results, "tokens_per_second": speeds}


def everything(path: Path, data: Path, size: Size) -> dict[str, Any]:
    """Measure a model file and both baselines on the held-out cases of ``data``."""
    functions = evaluation_set.read_functions(data)
    samples = packed.load(data / "samples")
    prompts = evaluation_set.mixed(evaluation_set.read_cases(data), size.texts // 2)
    return by_language(path, data, size.cases) | {
        "explanations": [asdict(answer) for answer in explanations(path, ASKED, functions)],
        "memory": asdict(memory.measure(path, samples, prompts, size.texts)),
        "first_completion_s": first_completion_s(path),
        "megabytes": path.stat().st_size / 1e6,
    }


def main() -> None:
    """Measure everything, write it as JSON and print the table by language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("training/out"))
    parser.add_argument("--cases", type=int, default=300, help="held-out holes of each language")
    parser.add_argument("--texts", type=int, default=200, help="sampled texts to look for copies")
    parser.add_argument("--to", type=Path, default=Path("training/out/evaluation.json"))
    given = parser.parse_args()
    results = everything(given.model, given.data, Size(cases=given.cases, texts=given.texts))
    given.to.write_text(json.dumps(results, indent=1))
    print(reports.by_language(json.loads(given.to.read_text())))


if __name__ == "__main__":
    main()
