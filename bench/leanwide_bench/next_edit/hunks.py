"""Hunks: the lines in which two texts differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from attrs import evolve, frozen


@frozen
class Hunk:
    """Lines ``first`` up to, not including, ``last`` of a text, and what replaces them."""

    first: int
    last: int
    before: tuple[str, ...]
    """These lines, with LF endings; empty where lines are only added."""
    after: tuple[str, ...]
    """The lines that replace them, with LF endings; empty where lines are only removed."""

    @property
    def growth(self) -> int:
        """The number of lines that the text gains."""
        return len(self.after) - len(self.before)

    def moved(self, lines: int) -> Hunk:
        """Return the hunk for a text with so many lines more in front of it."""
        return evolve(self, first=self.first + lines, last=self.last + lines)

    def meets(self, first: int, last: int) -> bool:
        """Whether lines ``first`` up to ``last`` are a place of the hunk.

        Lines share a line with it; a place between two lines is in it or at its end; what only adds
        lines is inside of lines that are replaced.
        """
        if self.first == self.last:
            return first < self.first < last or first == last == self.first
        if first == last:
            return self.first <= first <= self.last
        return self.first < last and first < self.last


def hunks(old: Sequence[str], new: Sequence[str]) -> tuple[Hunk, ...]:
    """Return the hunks that turn one text into another, in its order, without context."""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return tuple(
        Hunk(i1, i2, tuple(old[i1:i2]), tuple(new[j1:j2]))
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    )


def with_hunks(lines: Sequence[str], changes: Iterable[Hunk]) -> tuple[str, ...]:
    """Return a text with hunks applied, which are in its order and have places in it."""
    found: list[str] = []
    at = 0
    for change in changes:
        found += lines[at : change.first]
        found += change.after
        at = change.last
    return (*found, *lines[at:])
