"""Definitions and files folded to a few lines, as snippets of a prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from leanwide.context.snippet import MAX_LINES, clipped
from leanwide.context.view import with_lf
from leanwide.index.symbols import FileEntry, Symbol

_CONTAINERS: Final = frozenset(
    {"class", "enum", "implementation", "interface", "module", "struct", "trait"}
)
"""Kinds whose members say more than their first lines."""


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
    if symbol.end - symbol.start < MAX_LINES:
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
