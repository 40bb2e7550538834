"""What stands right of the cursor already, a bracket, a quote or an end, is not inserted again."""

from __future__ import annotations

import re
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
"""An angle bracket among what editors close by themselves."""
_ENDS: Final = ";,:"
_SHORT_QUOTES: Final = frozenset(QUOTES) - frozenset(LONG_QUOTES)
_DANGLING: Final = re.compile(r"[\s,.:+*/%|&^=<>!-]*$")
"""Separators and operators that wait for something more."""


def without_doubled_closers(text: str, setting: FilterContext) -> str:
    """Cut the answer where it would close what the text after the cursor closes already.

    That text closes what it can of what the line has open; only the rest is the answer's to close.
    """
    before, after = setting.view.line_before, setting.view.line_after.strip()
    if not after:
        return text
    angles = _ANGLE.match(after) is not None
    opened = _open_at_cursor(before, after, angles)
    supplied = _supplied(after, opened, angles)
    left = list(opened)
    for mark in supplied:
        _drop_last(left, PAIRS.get(mark, mark))
    for at, mark in closers(before + text, opened, len(before), angles=angles):
        if left and left[-1] == PAIRS.get(mark, mark):
            left.pop()
        elif supplied:
            return text[: at - len(before)]
    return text


def without_stray_closers(text: str, setting: FilterContext) -> str:
    """Cut where an answer inside a string closes the bracket in which the string stands.

    A model that overlooks the quote goes on as in code. A string that has such a bracket already
    has them on purpose.
    """
    opened = open_at_end(setting.view.line_before)
    if not opened or opened[-1] not in _SHORT_QUOTES:
        return text
    said = setting.view.line_before.rpartition(opened[-1])[2]
    for at, mark in closers(said + text, []):
        if mark in PAIRS and PAIRS[mark] in opened:
            return text[: at - len(said)] if at >= len(said) else text
    return text


def without_unclosed(text: str, setting: FilterContext) -> str:
    """Cut before what the answer opens and leaves open in the middle of a line.

    An answer that was ended early stops anywhere; in front of ``)`` an open ``[`` breaks the line.
    """
    before, after = setting.view.line_before, setting.view.line_after.rstrip()
    if not after.strip() or "\n" in text:
        return text
    angles = _ANGLE.match(after.strip()) is not None
    if flaws(before + text + after, angles=angles) <= flaws(before + after, angles=angles):
        return text
    place = first_unclosed(before + text, len(before), angles=angles)
    return text if place is None else _DANGLING.sub("", text[: place - len(before)])


def without_doubled_end(text: str, setting: FilterContext) -> str:
    """Cut before an end such as ``;`` or ``:`` that the line has already."""
    after = setting.view.line_after.lstrip()
    if not after or after[0] not in _ENDS:
        return text
    opened: list[str] = []
    start = read = 0
    for line in text.split("\n"):
        end = start + len(line.rstrip())
        deque(closers(text[:end], opened, read), maxlen=0)
        if text[start:end].endswith(after[0]) and not opened:
            return text[: end - 1]
        read = end
        start += len(line) + 1
    return text


def _open_at_cursor(before: str, after: str, angles: bool) -> list[str]:
    """What the line has open at the cursor, or the string of several lines that ends there."""
    opened = open_at_end(before, angles=angles)
    if any(mark in QUOTES for mark in opened):
        return opened
    ending = (one for one in LONG_QUOTES if after.startswith(one) and after.count(one) % 2 == 1)
    return [*ending, *opened]


def _supplied(after: str, opened: list[str], angles: bool) -> list[str]:
    """The marks by which ``after`` closes something, read inside the string around or outside."""
    inside = [mark for _, mark in closers(after, list(opened), angles=angles)]
    return inside or [mark for _, mark in closers(after, [], angles=angles)]


def _drop_last(marks: list[str], mark: str) -> None:
    if mark in marks:
        del marks[len(marks) - marks[::-1].index(mark) - 1]
