"""Short pieces of files: a definition folded to its head, a place that was edited."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from attrs import field, frozen

from leanwide.context.symbols import FileEntry, Symbol
from leanwide.context.view import with_lf

MOST_LINES: Final = 12
"""Lines of an excerpt."""
_MOST_CHARACTERS: Final = 1_200
"""Characters of an excerpt: longer lines make it shorter."""
_ABOVE: Final = 4
"""Lines shown above an edited one."""
_CONTAINERS: Final = frozenset(
    {"class", "enum", "implementation", "interface", "module", "struct", "trait"}
)
"""Kinds whose members say more than their first lines."""


@frozen
class Snippet:
    """A piece of another file for the prompt."""

    path: str
    """Relative to the workspace root, POSIX."""
    text: str
    """Whole lines with LF endings, the last one included."""
    line: int = field(default=0, eq=False)
    """Where it stands in its file, counting from 0; it may move and stay the same snippet."""


def head(symbol: Symbol, entry: FileEntry, lines: Sequence[str]) -> str:
    """Fold a definition: a class to its members' signatures, others to their first lines.

    Args:
        symbol: The definition.
        entry: Its file, as the index knows it.
        lines: Its file, as it is now; where that differs, the signature alone is given.
    """
    text = with_lf("".join(lines[symbol.start : symbol.end + 1]))
    if not text.startswith(symbol.signature):
        return clipped(symbol.signature)
    if symbol.end - symbol.start < MOST_LINES:
        return clipped(text)
    members = [one for one in entry.symbols if one.owner == symbol.name]
    if symbol.kind in _CONTAINERS and members:
        return clipped("\n".join((symbol.signature, *(one.signature for one in members))))
    return clipped(text)


def call_sites(symbol: Symbol, name: str, lines: Sequence[str]) -> str:
    """Fold a function to its signature and the lines in which it calls something.

    Args:
        symbol: The function.
        name: What it calls.
        lines: Its file, as it is now; where that differs, there is nothing to show.
    """
    text = with_lf("".join(lines[symbol.start : symbol.end + 1]))
    if not text.startswith(symbol.signature):
        return ""
    call = re.compile(rf"(?<!\w){re.escape(name)}\s*\(")
    body = text[len(symbol.signature) :].split("\n")
    return clipped("\n".join((symbol.signature, *filter(call.search, body))))


def outline(entry: FileEntry) -> str:
    """Fold a file to the signatures of what it defines."""
    return clipped("\n".join(one.signature for one in entry.symbols))


def around(lines: Sequence[str], line: int) -> str:
    """Give the lines around an edited one."""
    first = max(0, line - _ABOVE)
    return clipped(with_lf("".join(lines[first : first + MOST_LINES])))


def clipped(text: str) -> str:
    """Keep whole lines from the start while they are few and short; blank ones at the end go."""
    kept: list[str] = []
    room = _MOST_CHARACTERS
    for line in text.split("\n")[:MOST_LINES]:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join(kept).strip("\n") + "\n" if any(map(str.strip, kept)) else ""
