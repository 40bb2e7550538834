"""How an answer joins what stands before the cursor: line break, indentation, space."""

from __future__ import annotations

import re
from typing import Final

from leanwide.postprocess.filter_context import FilterContext

_BLANKS: Final = re.compile(r"[ \t]*")
_COMMENT_MARK: Final = re.compile(r"\*|//[/!]?|#|--+|;+|%+")
"""What begins a line of a comment in most languages."""
_CONTINUES: Final = tuple(":{([,\\=+")
"""Ends of a line after which the next one may stand deeper."""


def with_line_break(text: str, setting: FilterContext) -> str:
    """Begin a new line where the answer is the body of a block that the line has just opened."""
    view = setting.view
    line = view.line_before.rstrip()
    if not line.endswith((":", "{")) or view.line_after.strip():
        return text
    indentation, body = _split_blanks(text)
    deeper = _width(indentation) > _width(_split_blanks(line)[0]) + 1
    return "\n" + text if deeper and body and body[0] != "\n" else text


def without_doubled_indentation(text: str, setting: FilterContext) -> str:
    """Drop the first line's indentation where the cursor's line is indented that far already."""
    view = setting.view
    indentation, body = _split_blanks(text)
    if view.line_before.strip() or not view.line_before or indentation != view.line_before:
        return text
    above = next((line for line in reversed(view.lines[: view.line]) if line.strip()), "").rstrip()
    depth = _width(_split_blanks(above)[0])
    may_deepen = above.endswith(_CONTINUES) and depth >= _width(view.line_before)
    return text if may_deepen or body.startswith("\n") else body


def without_doubled_comment_mark(text: str, setting: FilterContext) -> str:
    """Drop the mark of a comment's line where the cursor's line has nothing but that."""
    before = setting.view.line_before
    mark = before.strip()
    said = text.lstrip(" \t")
    if not _COMMENT_MARK.fullmatch(mark) or not said.startswith(mark):
        return text
    rest = said[len(mark) :]
    if rest[:1].strip():
        return text
    return rest.removeprefix(" ") if before.endswith((" ", "\t")) else rest


def without_doubled_space(text: str, setting: FilterContext) -> str:
    """Drop spaces before a word where the cursor stands behind a space; others align something."""
    before = setting.view.line_before
    spaces, body = _split_blanks(text)
    doubled = spaces and before.strip() and before.endswith(" ")
    word = body[:1].isalnum() or body[:1] in set("_\"'([{")
    return body if doubled and word else text


def _split_blanks(text: str) -> tuple[str, str]:
    blanks = _BLANKS.match(text)
    end = blanks.end() if blanks else 0
    return text[:end], text[end:]


def _width(blanks: str) -> int:
    return len(blanks.expandtabs(8))
