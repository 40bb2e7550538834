"""Pages: where windows begin, so that the places of a page share the beginning of their prompts.

A page begins between definitions, and where it does depends on the text before only: typing moves
no page that stands above. A window begins with the page before its own, so that a place at the
beginning of a page has context as well. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Final

from attrs import frozen

_CHARACTERS_A_TOKEN: Final = 3
"""Of code without its indentation, about. A page need not have an exact length."""
_LONGER: Final = 1.25
"""A page that is so many times as long ends before any paragraph, also inside a definition …"""
_LONGEST: Final = 1.5
"""… and one that is so many times as long before any line."""


@frozen
class Page:
    """A run of lines whose windows begin at the same line. Lines count from 0."""

    begins: int
    """First line of its windows: the first of the page before."""
    first: int
    end: int
    """The line behind its last one."""


def pages(lines: Sequence[str], tokens: int) -> Iterator[Page]:
    """Divide a text into pages of ``tokens`` tokens or a little more, the last may be shorter."""
    before = 0
    for first, end in pairwise(chain(_starts(lines, tokens), [len(lines)])):
        yield Page(before, first, end)
        before = first


def page_at(lines: Sequence[str], line: int, tokens: int) -> Page:
    """Return the page of a line; the last one for a line behind the end."""
    page = Page(0, 0, len(lines))
    for page in pages(lines, tokens):
        if line < page.end:
            break
    return page


def _starts(lines: Sequence[str], tokens: int) -> Iterator[int]:
    yield 0
    size, after_blank = 0, False
    for number, line in enumerate(lines):
        if size >= tokens and _may_begin(line, after_blank, size / tokens):
            yield number
            size = 0
        text = line.strip()
        size += 1 + len(text) // _CHARACTERS_A_TOKEN
        after_blank = not text


def _may_begin(line: str, after_blank: bool, length: float) -> bool:
    """Whether a page may begin with a line, where the one before is so many times as long."""
    if length >= _LONGEST:
        return True
    if not after_blank or not line.strip():
        return False
    return not line[0].isspace() or length >= _LONGER
