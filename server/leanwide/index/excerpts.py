"""Definitions and files, folded to a few lines for snippets of a prompt."""

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
"""Kinds whose members tell more than their first lines."""


def definition_excerpt(symbol: Symbol, entry: FileEntry, lines: Sequence[str]) -> str:
    """Return a definition folded: a class to its members' signatures, others to their first lines.

    Args:
        symbol: The definition.
        entry: Its file, as indexed.
        lines: Its file as it is now; where the definition has moved, only the signature is
            returned.
    """
    text = with_lf("".join(lines[symbol.start : symbol.end + 1]))
    if not text.startswith(symbol.signature):
        return clipped(symbol.signature)
    if symbol.end - symbol.start < MAX_LINES:
        return clipped(text)
    members = [member.signature for member in entry.symbols if member.owner == symbol.name]
    if symbol.kind in _CONTAINERS and members:
        return clipped("\n".join((symbol.signature, *members)))
    return clipped(text)


def call_sites(symbol: Symbol, name: str, lines: Sequence[str]) -> str:
    """Return a function folded to its signature and the lines in which it calls ``name``.

    Args:
        symbol: The function.
        name: The called name.
        lines: Its file as it is now; where the function has moved, the result is empty.
    """
    text = with_lf("".join(lines[symbol.start : symbol.end + 1]))
    if not text.startswith(symbol.signature):
        return ""
    call = re.compile(rf"(?<!\w){re.escape(name)}\s*\(")
    body = text[len(symbol.signature) :].split("\n")
    return clipped("\n".join((symbol.signature, *filter(call.search, body))))


def outline(entry: FileEntry) -> str:
    """Return the signatures of a file's definitions."""
    return clipped("\n".join(symbol.signature for symbol in entry.symbols))
