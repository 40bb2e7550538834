"""Patterns of names, matched in time linear in the length of the name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from attrs import frozen

_One = TypeVar("_One")


@frozen
class Patterns:
    """Names that may hold stars, each for any characters, in a form that is quick to ask."""

    exact: frozenset[str]
    endings: tuple[str, ...]
    """Of those with one star, in front."""
    parts: dict[str, tuple[tuple[str, ...], ...]]
    """What is between the stars of the others, by the character that they begin with."""

    def match(self, name: str) -> bool:
        """Whether a name is one of them."""
        if name in self.exact or name.endswith(self.endings):
            return True
        others = (*self.parts.get(name[:1], ()), *self.parts.get("", ()))
        return any(_matches(name, parts) for parts in others)


def patterns(texts: Iterable[str]) -> Patterns:
    """Sort patterns by their kind."""
    split = [tuple(text.split("*")) for text in texts]
    endings = [parts for parts in split if len(parts) == 2 and not parts[0]]
    others = [parts for parts in split if len(parts) > 1 and parts not in endings]
    return Patterns(
        exact=frozenset(parts[0] for parts in split if len(parts) == 1),
        endings=tuple(parts[1] for parts in endings),
        parts=grouped((parts[0][:1], parts) for parts in others),
    )


def grouped(pairs: Iterable[tuple[str, _One]]) -> dict[str, tuple[_One, ...]]:
    """Put together what has the same key."""
    groups: dict[str, tuple[_One, ...]] = {}
    for key, one in pairs:
        groups[key] = (*groups.get(key, ()), one)
    return groups


def _matches(name: str, parts: Sequence[str]) -> bool:
    """Whether the parts of a pattern come one after the other: each once, none is tried again."""
    if not name.startswith(parts[0]):
        return False
    at = len(parts[0])
    for part in parts[1:-1]:
        at = name.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return name[at:].endswith(parts[-1])
