"""The code in a model's answer: its first fenced block, or all of it if there is no fence."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

from attrs import frozen

_FENCE: Final = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)")


@frozen
class AnswerCode:
    """Code that a model wrote."""

    text: str
    """Without blank lines around it; "" if the answer holds none."""
    closed: bool
    """It is in a closed fence: nothing of it can be missing."""
    ended: bool
    """The line of the closing fence is complete: what follows is no code."""


def code_in(answer: str) -> AnswerCode:
    """Return the code of an answer with LF endings.

    A fence that is never closed holds everything after it.
    """
    lines = answer.split("\n")
    opened = next((at for at, line in enumerate(lines) if _FENCE.fullmatch(line)), None)
    if opened is None:
        return AnswerCode(_without_blank_ends(lines), closed=False, ended=False)
    closing = _closing(lines, opened)
    code = _without_blank_ends(lines[opened + 1 : closing])
    return AnswerCode(code, closed=closing < len(lines), ended=closing < len(lines) - 1)


def text_in(answer: str, fence: str) -> AnswerCode:
    """Return a text that may hold code blocks itself, from an answer with LF endings.

    A shorter fence than the requested one is accepted if the answer is one single block, closed or
    not, and the fences inside come in pairs. Without such a fence the text is "": blocks of the
    text cannot be told from the rest of the answer.

    Args:
        answer: The answer so far.
        fence: The backticks that were asked for; no line of the text has as many.
    """
    lines = answer.split("\n")
    opened = next((at for at, line in enumerate(lines) if _is_fence(line, fence)), None)
    if opened is None:
        return _only_block(answer.strip("\n").split("\n"))
    closing = next(
        (at for at in range(opened + 1, len(lines)) if _is_fence(lines[at], fence)), len(lines)
    )
    text = _without_blank_ends(lines[opened + 1 : closing])
    return AnswerCode(text, closed=closing < len(lines), ended=closing < len(lines) - 1)


def _is_fence(line: str, least: str) -> bool:
    match = _FENCE.fullmatch(line)
    return match is not None and match["fence"].startswith(least)


def _only_block(lines: list[str]) -> AnswerCode:
    """Return the text of an answer that is one block from its first line on.

    A last fence closes the block if those between are pairs. Otherwise the block was never closed,
    if those behind the first line are pairs.
    """
    while lines and not lines[-1].strip():
        lines.pop()
    first = _FENCE.fullmatch(lines[0]) if lines else None
    if first is None:
        return AnswerCode("", closed=False, ended=False)
    if len(lines) > 1 and lines[-1].strip() == first["fence"] and _paired(lines[1:-1]):
        return AnswerCode(_without_blank_ends(lines[1:-1]), closed=True, ended=False)
    text = _without_blank_ends(lines[1:]) if _paired(lines[1:]) else ""
    return AnswerCode(text, closed=False, ended=False)


def _paired(lines: list[str]) -> bool:
    """Whether each second fence can close the one before it: it names no language."""
    opened = ""
    for match in filter(None, map(_FENCE.fullmatch, lines)):
        if not opened:
            opened = match["fence"]
        elif match["info"].strip() or not match["fence"].startswith(opened):
            return False
        else:
            opened = ""
    return not opened


def without_head(code: str, head: Container[str]) -> str:
    """Return code without first lines that are blank or, stripped, in ``head``, if any are left."""
    lines = code.split("\n")
    at = next((at for at, line in enumerate(lines) if line.strip() and line.strip() not in head), 0)
    return "\n".join(lines[at:])


def _closing(lines: list[str], opened: int) -> int:
    """Return the line that closes the fence, or the number of lines.

    Models nest fences of the same length: one that names a language opens an inner block.
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
