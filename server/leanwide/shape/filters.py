"""Filters between the model and the eye: from an answer and its view to the answer to show.

An answer is the text to insert at the cursor, with LF endings. The filters run on every path, in
the order of :data:`FILTERS`; an empty answer shows nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from leanwide.context.view import View

Filter = Callable[[str, View], str]

_PAIRS: Final = {")": "(", "]": "[", "}": "{"}


def first_line_inside_text(text: str, view: View) -> str:
    """Keep one line where other text follows on the cursor's line."""
    return text.split("\n", 1)[0] if view.has_text_after else text


def without_following_text(text: str, view: View) -> str:
    """Drop what already stands after the cursor: closers, the rest of the line, the next lines."""
    rest = view.line_after.rstrip()
    if rest and text.rstrip().endswith(rest) and not _opens(text.rstrip()[: -len(rest)], rest):
        text = text.rstrip()[: -len(rest)]
    following = [line.strip() for line in view.lines[view.line + 1 : view.line + 4]]
    first = next((line for line in following if line), None)
    lines = text.split("\n")
    if first is not None and len(first) > 1:
        for at, line in enumerate(lines):
            whole = (view.line_before + line if at == 0 else line).strip()
            if whole == first:
                return "\n".join(lines[:at])
    return text


def without_trailing_blank(text: str, view: View) -> str:
    """End with the last character that shows; an answer of blanks only shows nothing."""
    del view
    return text.rstrip()


def with_line_endings(text: str, view: View) -> str:
    """Use the document's own line endings."""
    return text.replace("\n", view.newline)


def _opens(text: str, closers: str) -> bool:
    """Whether ``text`` itself opens what ``closers`` close, so that they belong to it."""
    opened = [mark for mark in closers if mark in _PAIRS]
    return any(text.count(_PAIRS[mark]) > text.count(mark) for mark in opened)


FILTERS: Final[tuple[Filter, ...]] = (
    first_line_inside_text,
    without_following_text,
    without_trailing_blank,
    with_line_endings,
)


def shape(text: str, view: View) -> str:
    """Run all filters in order."""
    for apply in FILTERS:
        text = apply(text, view)
    return text
