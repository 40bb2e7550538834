"""Markers in messages: a server that lays out a conversation finds special tokens in any text.

Pure. An invisible space is put into the markers of what is sent, and taken out of what comes back.
"""

from __future__ import annotations

import re
from typing import Final

from leanwide.models.markup import MARKUP

_SPACE: Final = "\u200b"
_BARS: Final = ("|", "\uff5c")
_WORDS: Final = re.compile(r"</?(?:s|think|(?:start|end)_of_turn)>|\[/?INST\]")
"""Markers without a bar; markup of this shape that is no special token of usual models stays."""
_BEGINNINGS: Final = ("<", "[")


def guarded(text: str) -> str:
    """Return a text in which no marker is spelt."""
    return MARKUP.sub(_broken, text)


class GuardRemoval:
    """Takes the spaces out of an answer, which comes in pieces."""

    def __init__(self) -> None:
        self._last = ""

    def push(self, text: str) -> str:
        """Return the next piece as the user's text has it."""
        if self._last in _BEGINNINGS:
            text = text.removeprefix(_SPACE)
        self._last = text[-1:] or self._last
        for beginning in _BEGINNINGS:
            text = text.replace(beginning + _SPACE, beginning)
        return text


def _broken(found: re.Match[str]) -> str:
    marker = found[0]
    special = any(bar in marker for bar in _BARS) or _WORDS.fullmatch(marker)
    return f"{marker[0]}{_SPACE}{marker[1:]}" if special else marker
