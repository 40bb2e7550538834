"""Filters for the joint of text before the cursor and answer: line break, indentation, space."""

from __future__ import annotations

import re
from typing import Final

from leanwide.postprocess.filter_context import FilterContext

_BLANKS: Final = re.compile(r"[ \t]*")
_COMMENT_MARK: Final = re.compile(r"\*|//[/!]?|#|--+|;+|%+")
"""What begins a comment line in most languages."""
_CONTINUES: Final = tuple(":{([,\\=+")
"""Ends of a line after which the next line may be indented deeper."""


def with_line_break(text: str, context: FilterContext) -> str:
    """Begin a new line if the answer is the body of a block that the line opens."""
    view = context.view
    line = view.line_before.rstrip()
    if not line.endswith((":", "{")) or view.line_after.strip():
        return text
    indentation, body = _split_blanks(text)
    deeper = _width(indentation) > _width(_split_blanks(line)[0]) + 1
    return "\n" + text if deeper and body and body[0] != "\n" else text


def without_doubled_indentation(text: str, context: FilterContext) -> str:
    """Drop the first line's indentation if the cursor's line already has it."""
    view = context.view
    indentation, body = _split_blanks(text)
    if view.line_before.strip() or not view.line_before or indentation != view.line_before:
        return text
    above = next((line for line in reversed(view.lines[: view.line]) if line.strip()), "").rstrip()
    depth = _width(_split_blanks(above)[0])
    may_deepen = above.endswith(_CONTINUES) and depth >= _width(view.line_before)
    return text if may_deepen or body.startswith("\n") else body


def without_doubled_comment_mark(text: str, context: FilterContext) -> str:
    """Drop a comment mark if the cursor's line consists of it.

    Two marks without a blank between them are another mark, such as ``##``.
    """
    before = context.view.line_before
    mark = before.strip()
    body = text.lstrip(" \t")
    if not _COMMENT_MARK.fullmatch(mark) or not body.startswith(mark):
        return text
    if before.endswith(mark) and body == text:
        return text
    rest = body[len(mark) :]
    if rest[:1].strip():
        return text
    return rest.removeprefix(" ") if before.endswith((" ", "\t")) else rest


def without_doubled_space(text: str, context: FilterContext) -> str:
    """Drop spaces before a word if the cursor is after a space; other spaces align something."""
    before = context.view.line_before
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
