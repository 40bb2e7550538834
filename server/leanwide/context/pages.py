"""Pages: where windows begin, so that positions on one page share the start of their prompts.

A page begins between definitions. Where it begins depends only on the text before it, so typing
moves no page above. A window begins with the page before its own, so that a position at the start
of a page has context as well. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, takewhile
from typing import Final

from attrs import frozen

_LINE_CHARACTERS: Final = 3
"""What a line break and the indentation count as."""
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


def code_of(lines: Sequence[str], most: int) -> str:
    """Return the first lines without their indentation, up to ``most`` characters."""
    sizes = accumulate(len(line) for line in lines)
    number = sum(1 for _ in takewhile(lambda size: size < most, sizes))
    return "\n".join(line.strip() for line in lines[: number + 1])[:most]


def pages(lines: Sequence[str], characters: int) -> Iterator[Page]:
    """Yield the pages of a text, of so many characters or a little more; the last may be shorter.

    Indentation does not count.
    """
    before, first = 0, 0
    size, above = 0, "-"
    for number, line in enumerate(lines):
        if size >= characters and _may_begin(above, line, size / characters):
            yield Page(before, first, number)
            before, first, size = first, number, 0
        size += _LINE_CHARACTERS + len(line.strip())
        above = line
    yield Page(before, first, len(lines))


def page_at(lines: Sequence[str], line: int, characters: int) -> Page:
    """Return the page of a line; the last page for a line beyond the end."""
    page = Page(0, 0, len(lines))
    for page in pages(lines, characters):
        if line < page.end:
            break
    return page


def _may_begin(above: str, line: str, length: float) -> bool:
    """Whether a page may begin with a line, after a page of ``length`` times the wanted one."""
    if length >= _MAX_LENGTH:
        return True
    if above.strip() or not line.strip():
        return False
    return not line[0].isspace() or length >= _MAX_UNTIL_PARAGRAPH
