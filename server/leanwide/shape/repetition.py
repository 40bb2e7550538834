"""A model that says the same thing again and again is stopped."""

from __future__ import annotations

from typing import Final

from leanwide.shape.setting import Setting

_TIMES: Final = 4
"""So many times in a row is a loop."""
_LONGEST: Final = 80
"""Longest unit that is looked for, in code points."""
_SHORTEST: Final = 2
"""Single characters repeat in rules such as ``====``."""


def loop_start(text: str) -> int | None:
    """Give where the end of ``text`` begins to say the same again; None while it does not."""
    for size in range(_SHORTEST, min(_LONGEST, len(text) // _TIMES) + 1):
        unit = text[-size:]
        if unit.strip() and len(set(unit)) > 1 and text.endswith(unit * _TIMES):
            return len(text) - size * (_TIMES - 1)
    return None


def without_loop(text: str, setting: Setting) -> str:
    """Show one round of a loop at most, and of a loop at the very beginning nothing."""
    del setting
    start = loop_start(text)
    if start is None:
        return text
    return text[:start] if start > _LONGEST // 4 else ""
