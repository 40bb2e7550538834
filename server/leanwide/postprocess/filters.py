"""The filters of completions, in their order.

A filter takes an answer, the text to insert at the cursor with LF endings, and returns what of it
to show. Every answer is filtered, also a cached one: the text around it may have changed. The table
says where a filter may have something to change; elsewhere it is not run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from attrs import frozen

from leanwide.context.view import with_lf
from leanwide.postprocess.closers import (
    without_doubled_closers,
    without_doubled_end,
    without_stray_closers,
    without_unclosed,
)
from leanwide.postprocess.fences import without_fences
from leanwide.postprocess.filter_context import FilterContext
from leanwide.postprocess.joint import (
    with_line_break,
    without_doubled_comment_mark,
    without_doubled_indentation,
    without_doubled_space,
)
from leanwide.postprocess.markup import without_markers, without_thoughts
from leanwide.postprocess.repetition import (
    without_echo,
    without_following_lines,
    without_loop,
    without_rest_of_line,
)

Filter = Callable[[str, FilterContext], str]


def first_line_inside_text(text: str, context: FilterContext) -> str:
    """Keep one line if text follows the cursor on its line."""
    return text.split("\n", 1)[0] if context.view.has_text_after else text


def without_trailing_blank(text: str, context: FilterContext) -> str:
    """Drop white space at the end; an answer of white space becomes empty."""
    del context
    return text.rstrip()


@frozen
class FilterStep:
    """A filter, and where it may change something."""

    apply: Filter
    answer: str = ""
    """A pattern that is found in every answer which it changes."""
    rest: str = ""
    """A pattern that is found in the rest of the cursor's line wherever it changes an answer."""


JOINING: Final = (
    FilterStep(without_thoughts, answer="<"),
    FilterStep(without_fences, answer="`"),
    FilterStep(without_markers),
    FilterStep(with_line_break, answer=r"\A[ \t]"),
    FilterStep(without_doubled_indentation, answer=r"\A[ \t]"),
    FilterStep(without_doubled_comment_mark, answer=r"\A[ \t]*[*/#;%-]"),
    FilterStep(without_doubled_space, answer=r"\A[ \t]"),
)
"""Those that may change the beginning of an answer, which typing through it has to match."""

FILTERS: Final = (
    *JOINING,
    FilterStep(without_loop),
    FilterStep(first_line_inside_text, answer="\n"),
    FilterStep(without_rest_of_line, rest=r"\S"),
    FilterStep(without_doubled_closers, rest=r"\S"),
    FilterStep(without_stray_closers, answer=r"[)\]}]"),
    FilterStep(without_doubled_end, rest=r"\S"),
    FilterStep(without_unclosed, rest=r"\S"),
    FilterStep(without_following_lines),
    FilterStep(without_echo, answer="\n"),
    FilterStep(without_trailing_blank),
)


def postprocess(text: str, context: FilterContext) -> str:
    """Filter an answer; return what to insert, with the document's own line endings."""
    return filtered(text, context).replace("\n", context.view.newline)


def filtered(text: str, context: FilterContext) -> str:
    """Filter an answer; return the text with LF endings, "" if nothing is left to show."""
    return until_stable(text, context, FILTERS)


def joined(text: str, context: FilterContext) -> str:
    """Run only the filters that may change the beginning of an answer."""
    return until_stable(text, context, JOINING)


def until_stable(text: str, context: FilterContext, steps: tuple[FilterStep, ...]) -> str:
    """Run filters until none changes anything: one may cut what another has left."""
    before, text, rest = None, with_lf(text), context.view.line_after
    while text != before:
        before = text
        for step in steps:
            if re.search(step.answer, text) and re.search(step.rest, rest):
                text = step.apply(text, context)
    return text
