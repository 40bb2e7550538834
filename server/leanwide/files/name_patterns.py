"""Name patterns, matched in time linear in the length of the name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from attrs import frozen

_T = TypeVar("_T")


@frozen
class Patterns:
    """A set of patterns in which a star stands for any characters, prepared for fast matching."""

    exact: frozenset[str]
    """Patterns without a star."""
    endings: tuple[str, ...]
    """The rest of patterns with one star, at the start."""
    parts: dict[str, tuple[tuple[str, ...], ...]]
    """The texts between the stars of all other patterns, by their first character."""

    def match(self, name: str) -> bool:
        """Whether a name matches one of them."""
        if name in self.exact or name.endswith(self.endings):
            return True
        others = (*self.parts.get(name[:1], ()), *self.parts.get("", ()))
        return any(_matches(name, parts) for parts in others)


def patterns(texts: Iterable[str]) -> Patterns:
    """Return patterns prepared for matching."""
    split = [tuple(text.split("*")) for text in texts]
    endings = [parts for parts in split if len(parts) == 2 and not parts[0]]
    others = [parts for parts in split if len(parts) > 1 and parts not in endings]
    return Patterns(
        exact=frozenset(parts[0] for parts in split if len(parts) == 1),
        endings=tuple(parts[1] for parts in endings),
        parts=grouped((parts[0][:1], parts) for parts in others),
    )


def grouped(pairs: Iterable[tuple[str, _T]]) -> dict[str, tuple[_T, ...]]:
    """Return the values of each key."""
    groups: dict[str, tuple[_T, ...]] = {}
    for key, value in pairs:
        groups[key] = (*groups.get(key, ()), value)
    return groups


def _matches(name: str, parts: Sequence[str]) -> bool:
    """Whether a name has the parts of a pattern in their order; there is no backtracking."""
    if not name.startswith(parts[0]):
        return False
    at = len(parts[0])
    for part in parts[1:-1]:
        at = name.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return name[at:].endswith(parts[-1])
