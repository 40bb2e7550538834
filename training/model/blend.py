"""Blends the weights of two runs, of which one continued the other.

    python -m training.model.blend --first RUN --second RUN --part 0.4 --to RUN

After "Model soups" (arXiv 2203.05482). The blend has what a narrow second run teaches, and keeps
most of what that run makes the model forget.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor


def blended(first: dict[str, Tensor], second: dict[str, Tensor], part: float) -> dict[str, Tensor]:
    """Return the weights at ``part`` (0 to 1) of the way from the first to the second."""
    return {name: torch.lerp(weight, second[name], part) for name, weight in first.items()}


def main() -> None:
    """Write a checkpoint like the first run's, with blended weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=Path, required=True)
    parser.add_argument("--second", type=Path, required=True)
    parser.add_argument("--part", type=float, required=True)
    parser.add_argument("--to", type=Path, required=True)
    given = parser.parse_args()
    first, second = (
        torch.load(run / "checkpoint.pt", weights_only=True) for run in (given.first, given.second)
    )
    weights, others = (stored["optimizer"]["masters"] for stored in (first, second))
    first["optimizer"]["masters"] = blended(weights, others, given.part)
    given.to.mkdir(parents=True, exist_ok=True)
    torch.save(first, given.to / "checkpoint.pt")


if __name__ == "__main__":
    main()
