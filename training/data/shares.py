"""How much of each language, and of each package in it, a training set has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from training.corpus.packages import Package
from training.corpus.store import Entry

DEFAULT: Final = {
    "python": 0.30, "typescript": 0.12, "javascript": 0.11, "go": 0.09, "rust": 0.09, "cpp": 0.08,
    "c": 0.07, "java": 0.07, "bash": 0.03, "markdown": 0.025, "restructuredtext": 0.015,
}  # fmt: skip
"""Share of the tokens by language; they sum to 1."""
PACKAGE_POWER: Final = 0.6
"""A package of n characters is drawn from in proportion to n^0.6, so that none dominates."""
TOKENS_PER_SAMPLE: Final = 390
"""Estimate that turns a number of tokens into a number of samples."""
MOST_PER_CHARACTER: Final = 1 / 400
"""Samples: with more, the same text comes several times. A language with little gets less."""

Rates = dict[Package, dict[str, float]]
"""Something for each character of a package's files in a language."""


def rates(entries: Iterable[Entry], tokens: float, shares: Mapping[str, float]) -> Rates:
    """Return the samples to draw for each character, for a training set of about ``tokens``."""
    found: Rates = defaultdict(dict)
    for language, sizes in _sizes(entries, shares).items():
        samples = tokens * shares[language] / sum(shares.values()) / TOKENS_PER_SAMPLE
        for package, share in _weights(sizes).items():
            rate = samples * share / sizes[package]
            found[package][language] = min(rate, MOST_PER_CHARACTER)
    return found


def portions(entries: Iterable[Entry], characters: float, shares: Mapping[str, float]) -> Rates:
    """Return the share of each package's characters to read, for ``characters`` in all.

    The languages have their shares, as far as there is enough text.
    """
    found: Rates = defaultdict(dict)
    for language, sizes in _sizes(entries, shares).items():
        wanted = characters * shares[language] / sum(shares.values())
        for package, share in _weights(sizes).items():
            found[package][language] = min(1.0, wanted * share / sizes[package])
    return found


def parsed(given: Iterable[str]) -> dict[str, float]:
    """Return shares written as ``python=0.3``.

    Raises:
        ValueError: one of them is not written so.
    """
    pairs = (text.split("=", 1) for text in given)
    return {language: float(share) for language, share in pairs}


def _sizes(entries: Iterable[Entry], shares: Mapping[str, float]) -> dict[str, dict[Package, int]]:
    """Return the characters by language and package, of languages that are wanted."""
    sizes: dict[str, dict[Package, int]] = defaultdict(dict)
    for entry in entries:
        for language, size in entry.characters.items():
            if shares.get(language):
                sizes[language][entry.package] = size
    return sizes


def _weights(sizes: Mapping[Package, int]) -> dict[Package, float]:
    powers = {package: size**PACKAGE_POWER for package, size in sizes.items()}
    total = sum(powers.values())
    return {package: power / total for package, power in powers.items()}
