"""Brackets and quotes of a text that may start anywhere, read from left to right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

PAIRS: Final = {")": "(", "]": "[", "}": "{", ">": "<"}
"""What each closing bracket closes."""
QUOTES: Final = ('"""', "'''", '"', "'", "`")

LONG_QUOTES: Final = ('"""', "'''", "`")
"""Quotes of strings that may continue on the next line."""

_MAX_MARKS: Final = 500
"""Marks that are read of a text; one with more of them is data."""
_MAX_DEPTH: Final = 32
"""Innermost open marks among which the surrounding string is searched."""
_OPENERS: Final = frozenset(PAIRS.values())
_MARKS: Final = re.compile(r"\\.|\"\"\"|'''|[\"'`()\[\]{}<>\n]", re.DOTALL)
_STRING_PREFIX: Final = re.compile(r"(?:^|\W)(?:[bfr]{1,2}|[ulqt]|u8)$", re.IGNORECASE)
_TAG: Final = re.compile(r"<(?:[\w/!>]|$)")
"""A less-than sign that may open a tag or type arguments."""


def closers(
    text: str, opened: list[str], start: int = 0, *, angles: bool = False
) -> Iterator[tuple[int, str]]:
    """Yield position and mark of each closer in ``text`` whose opener is before ``start``.

    Args:
        text: The text; what is before ``start`` is only looked back at.
        opened: The brackets and quotes open at ``start``, outermost first; updated to those open
            at the end.
        start: Where to begin.
        angles: Whether angle brackets are brackets.
    """
    own = len(opened)
    for at, mark in _marks(text, start, angles=angles):
        unmatched = _follow(opened, text, at, mark)
        if mark != "\n" and (unmatched or len(opened) < own):
            yield at, mark
        own = min(own, len(opened))


def open_at_end(text: str, *, angles: bool = False) -> list[str]:
    """Return the brackets and quotes that ``text`` opens and does not close, outermost first."""
    opened: list[str] = []
    for _ in closers(text, opened, angles=angles):
        pass
    return opened


def first_unclosed(text: str, start: int = 0, *, angles: bool = False) -> int | None:
    """Return where ``text`` first opens, from ``start`` on, what it never closes, or None."""
    opened: list[str] = []
    places: list[int] = []
    for at, mark in _marks(text, 0, angles=angles):
        _follow(opened, text, at, mark)
        del places[len(opened) :]
        if len(places) < len(opened):
            places.append(at)
    return next((at for at in places if at >= start), None)


def flaws(line: str, *, angles: bool = False) -> int:
    """Return the number of brackets and quotes of a line that have no partner on it."""
    opened: list[str] = []
    unmatched = sum(1 for _ in closers(line, opened, angles=angles))
    return unmatched + len(opened)


def _marks(text: str, start: int, *, angles: bool) -> Iterator[tuple[int, str]]:
    """Yield position and text of the brackets, quotes and line ends from ``start`` on."""
    for found in islice(_MARKS.finditer(text, start), _MAX_MARKS):
        mark, at = found[0], found.start()
        if mark[0] != "\\" and (mark not in "<>" or (angles and _is_angle(text, at))):
            yield at, mark


def _follow(opened: list[str], text: str, at: int, mark: str) -> bool:
    """Update ``opened`` by one mark; True if it closes what was not opened."""
    near = range(max(0, len(opened) - _MAX_DEPTH), len(opened))
    string = next((at for at in reversed(near) if opened[at] in QUOTES), None)
    code = string is None or "{" in opened[string:]
    if mark == "\n":
        if string is not None and opened[string] not in LONG_QUOTES:
            del opened[string:]
    elif mark in QUOTES:
        if string is not None and _ends(opened, string, mark):
            del opened[string:]
        elif code and not _is_apostrophe(text, at):
            opened.append(mark)
    elif mark in _OPENERS:
        opened.append(mark)
    elif opened and opened[-1] == PAIRS[mark]:
        opened.pop()
    else:
        return code
    return False


def _ends(opened: list[str], string: int, mark: str) -> bool:
    """Whether a quote ends the string around; in a template's braces it begins another one."""
    quote = opened[string]
    return mark.startswith(quote) and not (quote == "`" and "{" in opened[string:])


def _is_apostrophe(text: str, at: int) -> bool:
    """Whether a single quote belongs to a word, or to one of Rust's lifetimes."""
    if text[at] != "'" or at == 0:
        return False
    word = text[at - 1].isalnum() and not _STRING_PREFIX.search(text, max(0, at - 3), at)
    return word or text[at - 1] in "<&"


def _is_angle(text: str, at: int) -> bool:
    """Whether ``<`` or ``>`` looks like a bracket, not like a comparison or an arrow."""
    if text[at] == "<":
        return _TAG.match(text, at) is not None
    return at == 0 or text[at - 1] not in "-= "
