"""Markdown from a model, made safe to show: without control characters and open fences."""

from __future__ import annotations

import re
from typing import Final

_CONTROL: Final = dict.fromkeys((*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)))
_FENCE: Final = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)")


def printable(text: str) -> str:
    """Return the text without control characters, which could act on a terminal."""
    return text.translate(_CONTROL)


def missing_fence(text: str) -> str:
    """Return what closes the code block that a text ends in; "" if it ends in none."""
    opened = ""
    for line in text.split("\n"):
        opened = fence_after(line, opened)
    line_end = "" if not text or text.endswith("\n") else "\n"
    return f"{line_end}{opened}\n" if opened else ""


def fence_after(line: str, opened: str) -> str:
    """Return the fence that is open behind a line, "" if none; ``opened`` is the one before it."""
    match = _FENCE.fullmatch(line)
    if match is None:
        return opened
    fence, info = match["fence"], match["info"].strip()
    if not opened:
        return fence
    closes = fence[0] == opened[0] and len(fence) >= len(opened) and not info
    return "" if closes else opened
