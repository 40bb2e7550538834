"""The code in a model's answer: its first fenced block, or all of it where there is no fence."""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

_FENCE: Final = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)")


@frozen
class Code:
    """Code as a model gave it."""

    text: str
    """Without blank lines around it; "" where the answer holds none."""
    closed: bool
    """It stands in a fence that is closed: nothing of it can be missing."""
    ended: bool
    """The closing fence's line is over, so that what follows is talk."""


def code_in(answer: str) -> Code:
    """Take the code out of an answer with LF endings.

    A fence that is never closed holds everything that follows it.
    """
    lines = answer.split("\n")
    opened = next((at for at, line in enumerate(lines) if _FENCE.fullmatch(line)), None)
    if opened is None:
        return Code(_without_blank_ends(lines), closed=False, ended=False)
    closing = _closing(lines, opened)
    code = _without_blank_ends(lines[opened + 1 : closing])
    return Code(code, closed=closing < len(lines), ended=closing < len(lines) - 1)


def _closing(lines: list[str], opened: int) -> int:
    """The line that closes the fence, or the number of lines."""
    opening = _FENCE.fullmatch(lines[opened])
    assert opening is not None  # noqa: S101  # it was found by this pattern
    for at in range(opened + 1, len(lines)):
        match = _FENCE.fullmatch(lines[at])
        if match and match["fence"].startswith(opening["fence"]) and not match["info"].strip():
            return at
    return len(lines)


def _without_blank_ends(lines: list[str]) -> str:
    first, last = 0, len(lines)
    while first < last and not lines[first].strip():
        first += 1
    while last > first and not lines[last - 1].strip():
        last -= 1
    return "\n".join(lines[first:last])
