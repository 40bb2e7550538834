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
        match = _FENCE.fullmatch(line)
        if match is None:
            continue
        fence, info = match["fence"], match["info"].strip()
        if not opened:
            opened = fence
        elif fence[0] == opened[0] and len(fence) >= len(opened) and not info:
            opened = ""
    line_end = "" if not text or text.endswith("\n") else "\n"
    return f"{line_end}{opened}\n" if opened else ""
