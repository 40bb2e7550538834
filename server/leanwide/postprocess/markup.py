"""Markup of a model beside its text: markers that end an answer, and thoughts.

Most models have tokens for it, and the engine says which pieces were such tokens: what is spelt is
text then. Tokens that are shown, such as thinking marks, are read in place of their text too, so
that they may be a word of the document. A model whose template writes markers that its vocabulary
lacks can only spell them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from leanwide.context.prose import holds_text, is_prose
from leanwide.context.view import View
from leanwide.engine.base import Piece
from leanwide.postprocess.around import code_around
from leanwide.postprocess.filter_context import FilterContext

_BAR: Final = "\uff5c"
"""The full-width vertical line in DeepSeek's markers."""
_MARKUP: Final = re.compile(
    rf"<\|.*\|>|<{_BAR}.*{_BAR}>|</?think(?:ing)?>|</?tool_\w+>"
    r"|<[a-z]+[_-][a-z_-]+>|<(?:PRE|SUF|MID|EOT|EOD|s|pad|mask|unused\d+)>|</s>"
    r"|\[/?[A-Z][A-Z_]+\]"
)
"""Special tokens that are markup; vocabularies have others, such as HTML's tags."""
_OPENING: Final = "<think>"
_CLOSING: Final = "</think>"
_TAG: Final = re.compile(r"</?\w+>")
_THOUGHT: Final = re.compile(r"\A(\s*)<think>.*?(?:</think>(?:[ \t]*\n)*|\Z)", re.DOTALL)
_CLOSED: Final = re.compile(
    r"\A(?:(?!<think>).)*?^[ \t]*</think>[ \t]*(?:\n+|\Z)", re.DOTALL | re.MULTILINE
)


def is_markup(token: str) -> bool:
    """Whether a special token is markup, not a word that the vocabulary keeps in one piece."""
    return _MARKUP.fullmatch(token.strip()) is not None


class MarkupStream:
    """An answer as it arrives, markup left out."""

    def __init__(self, view: View, said: str = "") -> None:
        """Begin with what was said before at a view's cursor."""
        self.text = said
        self.ended = False
        """A marker ended the answer: nothing behind it counts."""
        self._view = view
        self._thinking = False
        self._trimming = False

    def take(self, piece: Piece) -> None:
        """Take the next piece."""
        if self.ended:
            return
        if piece.special and is_markup(piece.text) and self._obeys(piece.text.strip()):
            return
        if not self._thinking:
            new = piece.text.lstrip("\n") if self._trimming else piece.text
            self._trimming = self._trimming and not new
            self.text += new

    def _obeys(self, marker: str) -> bool:
        """Do what a marker says and tell whether it did: where the language may hold it, not."""
        if self._thinking:
            self._thinking, self._trimming = marker != _CLOSING, True
            return True
        if not self._stands_alone(marker):
            return False
        if marker == _CLOSING:  # the prompt opened it
            self.text = ""
        self._thinking, self._trimming = marker == _OPENING, marker == _CLOSING
        self.ended = marker not in (_OPENING, _CLOSING)
        return True

    def _stands_alone(self, marker: str) -> bool:
        """Whether a marker is none of the document's words, nor in a string or a comment."""
        if marker in (_OPENING, _CLOSING) and self.text.rpartition("\n")[2].strip():
            return False
        if not _unused((marker,), marker, self._view):
            return False
        return holds_text(self._view) or code_around(self._view)(self.text)


def without_markers(text: str, setting: FilterContext) -> str:
    """Cut at a marker that the model can only spell, at the beginning or alone on a line."""
    markers = _spelt_here(text, setting)
    if not markers:
        return text
    any_marker = "|".join(map(re.escape, markers))
    pattern = rf"\A\s*(?:{any_marker})|^[ \t]*(?:{any_marker})[ \t]*$"
    in_code = code_around(setting.view)
    for found in re.finditer(pattern, text, re.MULTILINE):
        if holds_text(setting.view) or in_code(text[: found.start()]):
            return text[: found.start()]
    return text


def without_thoughts(text: str, setting: FilterContext) -> str:
    """Drop thoughts at the beginning, of a model that can only spell their marks.

    Also where their beginning stood in the prompt, or their end has not come.
    """
    marks = (_OPENING, _CLOSING)
    if not set(marks) & set(setting.markers) or not _unused(marks, text, setting.view):
        return text
    if not holds_text(setting.view) and not code_around(setting.view)(""):
        return text
    return _CLOSED.sub("", _THOUGHT.sub(r"\1", text))


def _spelt_here(text: str, setting: FilterContext) -> Sequence[str]:
    """The markers in a text that can be none of the document's own words."""
    marks = [one for one in setting.markers if one not in (_OPENING, _CLOSING)]
    return _unused(marks, text, setting.view)


def _unused(markers: Sequence[str], text: str, view: View) -> Sequence[str]:
    """Those of the markers that a text has and the document has not."""
    tags = holds_text(view) and not is_prose(view)
    said = [one for one in markers if one in text and not (tags and _TAG.fullmatch(one))]
    return [one for one in said if not any(one in line for line in view.lines)]
