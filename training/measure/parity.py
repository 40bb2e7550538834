"""Checks that llama.cpp computes the same logits and tokens as PyTorch and its tokenizer.

python -m training.measure.parity --run training/out/run --data training/out
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from training.data import evaluation_set, layout, tokenizer
from training.data.holes import Hole
from training.measure.llama import EXACT, Load, Runner
from training.model import train
from training.model.qwen3moe import Model

COUNTS: Final = (1, 2, 4, 8, 16)
PROMPTS: Final = 10
TOLERANCE: Final = 1e-2


@dataclass(frozen=True, slots=True)
class Agreement:
    """The largest difference of logits over all prompts at one expert count."""

    experts: int
    difference: float


def logits(run: Path, data: Path) -> list[Agreement]:
    """Compare the logits of all positions on ten prompts at every expert count."""
    model = train.trained(run / "checkpoint.pt")
    prompts = _prompts(data)
    return [
        Agreement(count, _difference(model, run / "model-f32.gguf", prompts, count))
        for count in COUNTS
        if count <= model.shape.experts
    ]


def splits(run: Path, data: Path, files: int) -> tuple[int, int]:
    """Tokenize held-out files both ways; return the number of differences and of files."""
    encoder = tokenizer.load(data / "tokenizer.json")
    texts = _texts(evaluation_set.read_cases(data), files)
    load = Load(experts=1, context=256, threads=2, precision=EXACT)
    with Runner(run / "model-f32.gguf", load) as runner:
        wrong = sum(runner.encode(text) != encoder.encode(text).ids for text in texts)
    return wrong, len(texts)


def _texts(cases: dict[str, list[evaluation_set.Case]], count: int) -> list[str]:
    """Return the beginnings of about ``count`` held-out files, as many of each language."""
    return list(dict.fromkeys(case.earlier for case in evaluation_set.mixed(cases, count)))


@torch.no_grad()
def _difference(model: Model, gguf: Path, prompts: list[list[int]], count: int) -> float:
    worst = 0.0
    load = Load(experts=count, context=model.shape.context, threads=2, precision=EXACT)
    with Runner(gguf, load) as runner:
        for prompt in prompts:
            hidden, _ = model(torch.tensor([prompt]), [count] * model.shape.layers)
            ours = model.head(hidden)[0].numpy()
            worst = max(worst, float(np.abs(ours - runner.logits(prompt, 0)).max()))
    return worst


def _prompts(data: Path) -> list[list[int]]:
    encoder = tokenizer.load(data / "tokenizer.json")
    cases = evaluation_set.mixed(evaluation_set.read_cases(data), PROMPTS)
    return [
        layout.infill(
            case.path,
            (),
            Hole(case.kind, case.prefix[-600:], case.typed + case.truth, case.suffix[:300]),
            lambda text: encoder.encode(text).ids,
        ).tokens
        for case in cases
    ]


def check(run: Path, data: Path) -> None:
    """Print both comparisons; exit if there is a difference."""
    wrong, files = splits(run, data, 100)
    print(f"tokenisation differs in {wrong} of {files} texts")
    agreements = logits(run, data)
    for agreement in agreements:
        print(f"{agreement.experts:2d} experts: largest difference {agreement.difference:.1e}")
    if wrong or any(agreement.difference > TOLERANCE for agreement in agreements):
        raise SystemExit("llama.cpp and PyTorch disagree")


def main() -> None:
    """Read the arguments and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("training/out"))
    parser.add_argument("--run", type=Path, default=Path("training/out/run"))
    given = parser.parse_args()
    check(given.run, given.data)


if __name__ == "__main__":
    main()
