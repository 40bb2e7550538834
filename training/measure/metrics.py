"""Figures of a completion, and bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.corpus.languages import PROSE
from training.data import syntaxes, trees

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def bootstrap(values: Sequence[float], seed: int = 1) -> Estimate:
    """Return the mean of ``values`` with its interval, by resampling the cases."""
    array = np.asarray(values, dtype=float)
    random = np.random.default_rng(seed)
    means = array[random.integers(len(array), size=(RESAMPLES, len(array)))].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Estimate(float(array.mean()), float(low), float(high))


def first_line(text: str) -> str:
    """Return a completion's first line without trailing space."""
    return text.partition("\n")[0].rstrip()


def edit_similarity(text: str, other: str) -> float:
    """Return 1 minus the Levenshtein distance over the longer length; 1 if both are empty."""
    longer = max(len(text), len(other))
    return 1 - edit_distance(text, other) / longer if longer else 1.0


def edit_distance(text: str, other: str) -> int:
    """Return the least number of insertions, deletions and replacements between two texts."""
    row = list(range(len(other) + 1))
    for number, left in enumerate(text, 1):
        diagonal, row[0] = row[0], number
        for place, right in enumerate(other, 1):
            cost = min(row[place] + 1, row[place - 1] + 1, diagonal + (left != right))
            diagonal, row[place] = row[place], cost
    return row[-1]


def parses(language: str, path: str, pieces: tuple[str, str, str], truth: str) -> bool:
    """Whether a whole file parses with a text inserted, as well as it does with the true one.

    ``pieces`` are the text before, the inserted text, and the text after it. Python's own parser
    judges Python; tree-sitter counts the errors of the others, because of macros and dialects.
    Prose always parses.
    """
    before, inserted, after = pieces
    if language == "python":
        return syntaxes.python_tree(before + inserted + after) is not None
    grammar = None if language in PROSE else trees.grammar(language, path)
    if grammar is None:
        return True
    with_truth = trees.errors(before + truth + after, grammar)
    with_insertion = trees.errors(before + inserted + after, grammar)
    return with_insertion is not None and with_insertion <= (with_truth or 0)
