"""Filters for brackets, quotes and line ends that are already right of the cursor."""

from __future__ import annotations

import re
import string
from collections import deque
from typing import Final

from leanwide.postprocess.filter_context import FilterContext
from leanwide.postprocess.nesting import (
    LONG_QUOTES,
    PAIRS,
    QUOTES,
    closers,
    first_unclosed,
    flaws,
    open_at_end,
)

_ANGLE: Final = re.compile(r"[)\]}\"'`;,:\s]*>")
"""An angle bracket among the marks that editors close automatically."""
_ENDS: Final = ";,:"
_SHORT_QUOTES: Final = frozenset(QUOTES) - frozenset(LONG_QUOTES)
_DANGLING: Final = string.whitespace + ",.:+*/%|&^=<>!-"
"""Separators and operators that need something after them."""


def without_doubled_closers(text: str, context: FilterContext) -> str:
    """Cut the answer where it would close what the text after the cursor already closes.

    The answer may close only what that text leaves open.
    """
    before, after = context.view.line_before, context.view.line_after.strip()
    if not after:
        return text
    angles = _ANGLE.match(after) is not None
    opened = _open_at_cursor(before, after, angles=angles)
    # What follows is read as in what is open; where that closes nothing, alone.
    supplied = [mark for _, mark in closers(after, list(opened), angles=angles)]
    supplied = supplied or [mark for _, mark in closers(after, [], angles=angles)]
    left = list(opened)
    for mark in supplied:
        if (opener := PAIRS.get(mark, mark)) in left:
            del left[len(left) - left[::-1].index(opener) - 1]
    for at, mark in closers(before + text, opened, len(before), angles=angles):
        if left and left[-1] == PAIRS.get(mark, mark):
            left.pop()
        elif supplied:
            return text[: at - len(before)]
    return text


def without_stray_closers(text: str, context: FilterContext) -> str:
    """Cut where an answer inside a string closes the bracket around the string.

    A model that overlooks the quote continues as in code; one that ends the string does not. A
    string that already contains such a closing bracket has it on purpose.
    """
    opened = open_at_end(context.view.line_before)
    if not opened or opened[-1] not in _SHORT_QUOTES:
        return text
    quote = opened[-1]
    _, first = next(closers(text, [quote]), (0, ""))
    if first.startswith(quote):
        return text
    string = context.view.line_before.rpartition(quote)[2]
    for at, mark in closers(string + text, []):
        if mark in PAIRS and PAIRS[mark] in opened:
            return text[: at - len(string)] if at >= len(string) else text
    return text


def without_unclosed(text: str, context: FilterContext) -> str:
    """Cut before what the answer opens and does not close in the middle of a line.

    An answer that was cut short may end anywhere, and an open ``[`` before ``)`` breaks the line.
    """
    before, after = context.view.line_before, context.view.line_after.rstrip()
    if not after.strip() or "\n" in text:
        return text
    angles = _ANGLE.match(after.strip()) is not None
    if flaws(before + text + after, angles=angles) <= flaws(before + after, angles=angles):
        return text
    place = first_unclosed(before + text, len(before), angles=angles)
    return text if place is None else text[: place - len(before)].rstrip(_DANGLING)


def without_doubled_end(text: str, context: FilterContext) -> str:
    """Cut before a final ``;``, ``,`` or ``:`` that the line already has."""
    after = context.view.line_after.lstrip()
    if not after or after[0] not in _ENDS:
        return text
    opened = open_at_end(context.view.line_before)
    around = len(opened)
    start = read = 0
    for line in text.split("\n"):
        end = start + len(line.rstrip())
        deque(closers(text[:end], opened, read), maxlen=0)
        if text[start:end].endswith(after[0]) and len(opened) <= around:
            return text[: end - 1]
        read = end
        start += len(line) + 1
    return text


def _open_at_cursor(before: str, after: str, *, angles: bool) -> list[str]:
    """Return what is open at the cursor: on the line, or a string of several lines ending there."""
    opened = open_at_end(before, angles=angles)
    if any(mark in QUOTES for mark in opened):
        return opened
    ending = (
        quote for quote in LONG_QUOTES if after.startswith(quote) and after.count(quote) % 2 == 1
    )
    return [*ending, *opened]
