"""The filters between the model and the eye, in their order.

A filter takes an answer, the text to insert at the cursor with LF endings, and gives what of it to
show. All of them run on every path, also on an answer from a cache: the text around may be another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from leanwide.shape.closers import without_doubled_closers
from leanwide.shape.following import without_echo, without_following_lines, without_rest_of_line
from leanwide.shape.markup import without_fences, without_markers, without_thinking
from leanwide.shape.repetition import without_loop
from leanwide.shape.setting import Setting

Filter = Callable[[str, Setting], str]


def first_line_inside_text(text: str, setting: Setting) -> str:
    """Keep one line where other text follows on the cursor's line."""
    return text.split("\n", 1)[0] if setting.view.has_text_after else text


def without_trailing_blank(text: str, setting: Setting) -> str:
    """End with the last character that shows; an answer of blanks shows nothing."""
    del setting
    return text.rstrip()


def with_line_endings(text: str, setting: Setting) -> str:
    """Use the document's own line endings."""
    return text.replace("\n", setting.view.newline)


FILTERS: Final[tuple[Filter, ...]] = (
    without_thinking,
    without_fences,
    without_markers,
    without_loop,
    first_line_inside_text,
    without_rest_of_line,
    without_doubled_closers,
    without_following_lines,
    without_echo,
    without_trailing_blank,
    with_line_endings,
)


def shape(text: str, setting: Setting) -> str:
    """Run all filters in order; "" where nothing is left to show."""
    for apply in FILTERS:
        text = apply(text, setting)
    return text
