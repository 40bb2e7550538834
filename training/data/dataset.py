"""Builds the training set: a tokenizer, and samples in one compressed array file.

python -m training.data.dataset --tokens 16000000 --out training/out
"""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
from tokenizers import Tokenizer
from tqdm import tqdm

from training.data import heldout, samples, sources, tokenizer
from training.data.sources import SourceFile

TOKENS_PER_SAMPLE: Final = 390
"""Estimate that turns a number of tokens into a number of samples."""
PACKAGE_POWER: Final = 0.6
"""A package of n characters is drawn from in proportion to n^0.6, so that none dominates."""
TOKENIZER_CHARACTERS: Final = 20_000_000
FILES_PER_JOB: Final = 60
"""Neighbouring files of a package that are drawn together; snippets come from among them."""


def learned(files: list[SourceFile], vocabulary: int, seed: int) -> Tokenizer:
    """Learn a tokenizer of ``vocabulary`` tokens from the files that are not held out."""
    training = [file for file in files if not file.package.held_out]
    return tokenizer.learn(_balanced_text(training, Random(seed)), vocabulary)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Size and composition of a training set."""

    tokens: int
    """Approximate size."""
    chat: float = samples.CHAT_SHARE
    """Share of the samples (0 to 1) that are instruction pairs."""
    seed: int = 1


def build(files: list[SourceFile], out: Path, words: Tokenizer, wanted: Wanted) -> None:
    """Write tokenizer, samples, held-out holes and the list of packages into ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    training = [file for file in files if not file.package.held_out]
    others = [file for file in files if file.package.held_out]
    words.save(str(out / "tokenizer.json"))
    _write_packages(files, out / "packages.json")
    heldout.write(others, out / "heldout.jsonl", wanted.seed)
    write_samples(training, out, wanted)


def write_samples(files: list[SourceFile], out: Path, wanted: Wanted) -> None:
    """Draw samples and write them, shuffled, to ``samples.npz``."""
    jobs = _jobs(files, out / "tokenizer.json", wanted)
    with ProcessPoolExecutor() as pool:
        done = tqdm(pool.map(_draw, jobs), total=len(jobs), desc="samples", unit="job")
        rows = [row for drawn in done for row in drawn]
    Random(wanted.seed).shuffle(rows)
    ends = np.cumsum([len(tokens) for tokens, _ in rows])
    np.savez_compressed(
        out / "samples.npz",
        tokens=np.concatenate([tokens for tokens, _ in rows]),
        ends=ends,
        answers=np.array([answer for _, answer in rows]),
    )
    print(f"{len(rows)} samples, {ends[-1]} tokens")


@dataclass(frozen=True, slots=True)
class _Job:
    """Some files of one package, and the number of samples per character."""

    files: list[SourceFile]
    rate: float
    chat: float
    tokenizer: Path
    seed: str


def _jobs(files: list[SourceFile], tokenizer: Path, wanted: Wanted) -> list[_Job]:
    by_package = _by_package(files)
    weights = {name: _size(group) ** PACKAGE_POWER for name, group in by_package.items()}
    scale = wanted.tokens / TOKENS_PER_SAMPLE / sum(weights.values())
    return [
        _Job(
            group[first : first + FILES_PER_JOB],
            scale * weights[name] / _size(group),
            wanted.chat,
            tokenizer,
            f"{wanted.seed}/{name}/{first}",
        )
        for name, group in by_package.items()
        for first in range(0, len(group), FILES_PER_JOB)
    ]


def _draw(job: _Job) -> list[tuple[np.ndarray, int]]:
    """Draw each file's samples as tokens and the answer's place; fractions are rounded randomly."""
    random = Random(job.seed)
    encoder = tokenizer.load(job.tokenizer)
    index = samples.package_index(job.files)
    rows = []
    for file in job.files:
        count = math.floor(job.rate * len(file.text) + random.random())
        if count and (source := samples.parsed(file)):
            kinds = samples.kinds(count, job.chat, random)
            drawn = samples.draw(source, index, kinds, lambda t: encoder.encode(t).ids, random)
            rows += [(np.array(row.tokens, dtype=np.uint16), row.answer) for row in drawn]
    return rows


def _balanced_text(files: list[SourceFile], random: Random) -> Iterator[str]:
    """Yield text for the tokenizer, packages weighted as in training."""
    by_package = _by_package(files)
    weights = {name: _size(group) ** PACKAGE_POWER for name, group in by_package.items()}
    scale = TOKENIZER_CHARACTERS / sum(weights.values())
    for name, group in by_package.items():
        left = scale * weights[name]
        for file in random.sample(group, len(group)):
            if left <= 0:
                break
            left -= len(file.text)
            yield file.text


def _by_package(files: list[SourceFile]) -> dict[str, list[SourceFile]]:
    groups: dict[str, list[SourceFile]] = defaultdict(list)
    for file in files:
        groups[file.package.name].append(file)
    return groups


def _size(files: list[SourceFile]) -> int:
    return sum(len(file.text) for file in files)


def _write_packages(files: list[SourceFile], path: Path) -> None:
    sizes = _by_package(files)
    rows = [
        asdict(package)
        | {"files": len(sizes[package.name]), "characters": _size(sizes[package.name])}
        for package in sources.packages(files)
    ]
    path.write_text(json.dumps(rows, indent=1))


def main() -> None:
    """Read the arguments and build the whole training set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=16_000_000)
    parser.add_argument(
        "--chat",
        type=float,
        default=samples.CHAT_SHARE,
        help="part of the samples that are instruction pairs",
    )
    parser.add_argument("--vocabulary", type=int, default=tokenizer.VOCABULARY)
    parser.add_argument(
        "--tokenizer-of", type=Path, help="a GGUF whose tokenizer to take instead of a new one"
    )
    parser.add_argument(
        "--corpus", type=Path, help="a folder with more distributions (training/corpus.txt)"
    )
    parser.add_argument("--out", type=Path, default=Path("training/out"))
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    files = sources.collect(sources.DISTRIBUTIONS, arguments.corpus)
    words = (
        tokenizer.from_gguf(arguments.tokenizer_of)
        if arguments.tokenizer_of
        else learned(files, arguments.vocabulary, arguments.seed)
    )
    wanted = Wanted(tokens=arguments.tokens, chat=arguments.chat, seed=arguments.seed)
    build(files, arguments.out, words, wanted)


if __name__ == "__main__":
    main()
