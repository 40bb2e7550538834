"""A model between two runs, of which one went on from the other: the mean of their weights.

    python -m training.model.blend --first RUN --second RUN --part 0.4 --to RUN

After "Model soups" (arXiv 2203.05482). What a narrow second run teaches comes, and what it makes
the model forget stays for the most part.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor


def blended(first: dict[str, Tensor], second: dict[str, Tensor], part: float) -> dict[str, Tensor]:
    """Go `part` (0 to 1) of the way from the first weights to the second."""
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
    weights, others = (one["optimizer"]["masters"] for one in (first, second))
    first["optimizer"]["masters"] = blended(weights, others, given.part)
    given.to.mkdir(parents=True, exist_ok=True)
    torch.save(first, given.to / "checkpoint.pt")


if __name__ == "__main__":
    main()
