"""Compares two model files on the same held-out cases: is the new one certainly better?

python -m training.measure.paired --old FILE.gguf --new FILE.gguf --experts 2
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.corpus.languages import LANGUAGES
from training.data import evaluation_set
from training.measure import evaluate, metrics


def differences(
    old: list[evaluate.Outcome], new: list[evaluate.Outcome]
) -> dict[str, metrics.Estimate]:
    """Return, for each figure, the mean of new minus old over the cases, with its interval."""
    return {
        name: metrics.bootstrap(
            [getattr(b, name) - getattr(a, name) for a, b in zip(old, new, strict=True)]
        )
        for name in evaluate.Outcome.__dataclass_fields__
    }


def main() -> None:
    """Complete the held-out cases with both files and print the differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", type=Path, required=True)
    parser.add_argument("--new", type=Path, required=True)
    parser.add_argument("--language", choices=LANGUAGES, default="python")
    parser.add_argument("--experts", type=int, default=2)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--data", type=Path, default=Path("training/out"))
    given = parser.parse_args()
    cases = evaluation_set.read_cases(given.data)[given.language][: given.cases]
    old, new = evaluate.together([given.old, given.new], [given.experts] * 2, cases)
    for name, change in differences(old.outcomes, new.outcomes).items():
        print(f"{name}: {change.mean:+.3f} ({change.low:+.3f} to {change.high:+.3f})")


if __name__ == "__main__":
    main()
