"""The code in a model's answer: its first fenced block, or all of it where there is no fence."""

from __future__ import annotations

import re
from collections.abc import Container
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


def without_head(code: str, head: Container[str]) -> str:
    """Code without its first lines that are blank or, stripped, in ``head``, if any are left."""
    lines = code.split("\n")
    at = next((at for at, line in enumerate(lines) if line.strip() and line.strip() not in head), 0)
    return "\n".join(lines[at:])


def _closing(lines: list[str], opened: int) -> int:
    """The line that closes the fence, or the number of lines.

    Models put fences into fences of the same length: one that names a language opens another.
    """
    opening = _FENCE.fullmatch(lines[opened])
    assert opening is not None  # noqa: S101  # it was found by this pattern
    depth = 1
    for at in range(opened + 1, len(lines)):
        match = _FENCE.fullmatch(lines[at])
        if match and match["fence"].startswith(opening["fence"]):
            depth += 1 if match["info"].strip() else -1
        if depth == 0:
            return at
    return len(lines)


def _without_blank_ends(lines: list[str]) -> str:
    first, last = 0, len(lines)
    while first < last and not lines[first].strip():
        first += 1
    while last > first and not lines[last - 1].strip():
        last -= 1
    return "\n".join(lines[first:last])
