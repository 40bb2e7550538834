"""Filters for markup in a model's answer: markers that end it, and thinking.

Most models have special tokens for markup, and the engine says which pieces were such tokens:
markers that are spelt are text then. Some tokens, such as thinking marks, stand for text too, so
they may be a word of the document. A model whose template has markers that its vocabulary lacks can
only spell them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from leanwide.context.prose import holds_text, is_prose
from leanwide.context.view import View
from leanwide.engine.requests import Piece
from leanwide.models.markup import MARKUP
from leanwide.postprocess.around import code_around
from leanwide.postprocess.filter_context import FilterContext

_OPENING: Final = "<think>"
_CLOSING: Final = "</think>"
_TAG: Final = re.compile(r"</?\w+>")
_THOUGHT: Final = re.compile(r"\A(\s*)<think>.*?(?:</think>(?:[ \t]*\n)*|\Z)", re.DOTALL)
_CLOSED: Final = re.compile(
    r"\A(?:(?!<think>).)*?^[ \t]*</think>[ \t]*(?:\n+|\Z)", re.DOTALL | re.MULTILINE
)


def is_markup(token: str) -> bool:
    """Whether a special token is markup, and not a word with a token of its own."""
    return MARKUP.fullmatch(token.strip()) is not None


class MarkupStream:
    """An answer while it arrives, without its markup."""

    def __init__(self, view: View, text: str = "") -> None:
        """Continue ``text``, the beginning of an answer at a view's cursor."""
        self.text = text
        self.ended = False
        """A marker ended the answer: what follows is ignored."""
        self._view = view
        self._thinking = False
        self._trimming = False

    def take(self, piece: Piece) -> None:
        """Add the next piece."""
        if self.ended:
            return
        if piece.special and is_markup(piece.text) and self._apply(piece.text.strip()):
            return
        if not self._thinking:
            new = piece.text.lstrip("\n") if self._trimming else piece.text
            self._trimming = self._trimming and not new
            self.text += new

    def _apply(self, marker: str) -> bool:
        """Apply a marker; False if it is text of the document here."""
        if self._thinking:
            self._thinking, self._trimming = marker != _CLOSING, True
            return True
        if not self._is_marker(marker):
            return False
        if marker == _CLOSING:  # the prompt has the opening one
            self.text = ""
        self._thinking, self._trimming = marker == _OPENING, marker == _CLOSING
        self.ended = marker not in (_OPENING, _CLOSING)
        return True

    def _is_marker(self, marker: str) -> bool:
        """Whether it is neither a word of the document nor in a string or a comment."""
        if marker in (_OPENING, _CLOSING) and self.text.rpartition("\n")[2].strip():
            return False
        if not _unused((marker,), marker, self._view):
            return False
        return holds_text(self._view) or code_around(self._view)(self.text)


def without_markers(text: str, context: FilterContext) -> str:
    """Cut at a marker that the model spells, at the beginning or alone on a line."""
    markers = [marker for marker in context.markers if marker not in (_OPENING, _CLOSING)]
    markers = _unused(markers, text, context.view)
    if not markers:
        return text
    any_marker = "|".join(map(re.escape, markers))
    pattern = rf"\A\s*(?:{any_marker})|^[ \t]*(?:{any_marker})[ \t]*$"
    in_code = code_around(context.view)
    for found in re.finditer(pattern, text, re.MULTILINE):
        if holds_text(context.view) or in_code(text[: found.start()]):
            return text[: found.start()]
    return text


def without_thoughts(text: str, context: FilterContext) -> str:
    """Drop thinking at the beginning, of a model that spells its marks.

    The opening mark may be in the prompt, and the closing one may be missing.
    """
    marks = (_OPENING, _CLOSING)
    if not set(marks) & set(context.markers) or not _unused(marks, text, context.view):
        return text
    if not holds_text(context.view) and not code_around(context.view)(""):
        return text
    return _CLOSED.sub("", _THOUGHT.sub(r"\1", text))


def _unused(markers: Sequence[str], text: str, view: View) -> list[str]:
    """Return the markers in a text that are neither words nor tags of the document."""
    said = [marker for marker in markers if marker in text]
    tags = bool(said) and holds_text(view) and not is_prose(view)
    return [
        marker
        for marker in said
        if not (tags and _TAG.fullmatch(marker)) and not any(marker in line for line in view.lines)
    ]
