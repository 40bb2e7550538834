"""Pages: where windows begin, so that positions on one page share the start of their prompts.

A page begins between definitions. Where it begins depends only on the text before it, so typing
moves no page above. A window begins with the page before its own, so that a position at the start
of a page has context as well. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import frozen

_CHARACTERS_PER_TOKEN: Final = 3
"""Of code without its indentation, about. A page need not have an exact length."""
_MAX_UNTIL_PARAGRAPH: Final = 1.25
"""A page this many times its length ends before any paragraph, also inside a definition …"""
_MAX_LENGTH: Final = 1.5
"""… and a page this many times its length before any line."""


@frozen
class Page:
    """A run of lines whose windows begin at the same line. Lines count from 0."""

    begins: int
    """First line of its windows: the first line of the page before."""
    first: int
    end: int
    """The line after its last one."""


def pages(lines: Sequence[str], tokens: int) -> Iterator[Page]:
    """Yield the pages of a text, of ``tokens`` tokens or a little more; the last may be shorter."""
    before, first = 0, 0
    size, above = 0, "-"
    for number, line in enumerate(lines):
        if size >= tokens and _may_begin(above, line, size / tokens):
            yield Page(before, first, number)
            before, first, size = first, number, 0
        size += 1 + len(line.strip()) // _CHARACTERS_PER_TOKEN
        above = line
    yield Page(before, first, len(lines))


def page_at(lines: Sequence[str], line: int, tokens: int) -> Page:
    """Return the page of a line; the last page for a line beyond the end."""
    page = Page(0, 0, len(lines))
    for page in pages(lines, tokens):
        if line < page.end:
            break
    return page


def _may_begin(above: str, line: str, length: float) -> bool:
    """Whether a page may begin with a line, after a page of ``length`` times the wanted tokens."""
    if length >= _MAX_LENGTH:
        return True
    if above.strip() or not line.strip():
        return False
    return not line[0].isspace() or length >= _MAX_UNTIL_PARAGRAPH
