"""The filters of completions, in their order.

A filter takes an answer, the text to insert at the cursor with LF endings, and returns what of it
to show. All filters run on every answer, also on a cached one: the text around it may have changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from leanwide.context.view import with_lf
from leanwide.postprocess.closers import (
    without_doubled_closers,
    without_doubled_end,
    without_stray_closers,
    without_unclosed,
)
from leanwide.postprocess.fences import without_fences
from leanwide.postprocess.filter_context import FilterContext
from leanwide.postprocess.following import (
    without_echo,
    without_following_lines,
    without_rest_of_line,
)
from leanwide.postprocess.joint import (
    with_line_break,
    without_doubled_comment_mark,
    without_doubled_indentation,
    without_doubled_space,
)
from leanwide.postprocess.markup import without_markers, without_thoughts
from leanwide.postprocess.repetition import without_loop

Filter = Callable[[str, FilterContext], str]


def first_line_inside_text(text: str, context: FilterContext) -> str:
    """Keep one line if text follows the cursor on its line."""
    return text.split("\n", 1)[0] if context.view.has_text_after else text


def without_trailing_blank(text: str, context: FilterContext) -> str:
    """Drop white space at the end; an answer of white space becomes empty."""
    del context
    return text.rstrip()


JOINING: Final[tuple[Filter, ...]] = (
    without_thoughts,
    without_fences,
    without_markers,
    with_line_break,
    without_doubled_indentation,
    without_doubled_comment_mark,
    without_doubled_space,
)
"""Those that may change the beginning of an answer, which typing through it has to match."""

FILTERS: Final[tuple[Filter, ...]] = (
    *JOINING,
    without_loop,
    first_line_inside_text,
    without_rest_of_line,
    without_doubled_closers,
    without_stray_closers,
    without_doubled_end,
    without_unclosed,
    without_following_lines,
    without_echo,
    without_trailing_blank,
)


def postprocess(text: str, context: FilterContext) -> str:
    """Run all filters; return what to insert, with the document's own line endings."""
    return filtered(text, context).replace("\n", context.view.newline)


def filtered(text: str, context: FilterContext) -> str:
    """Run all filters; return the text with LF endings, "" if nothing is left to show."""
    return _until_stable(text, context, FILTERS)


def joined(text: str, context: FilterContext) -> str:
    """Run only the filters that may change the beginning of an answer."""
    return _until_stable(text, context, JOINING)


def _until_stable(text: str, context: FilterContext, filters: tuple[Filter, ...]) -> str:
    """Run filters until none changes anything: one may cut what another has left."""
    before, text = None, with_lf(text)
    while text != before:
        before = text
        for apply in filters:
            text = apply(text, context)
    return text
