"""The anchored window: which text goes into the prompt, laid out so that typing only appends.

The text before the anchor and the text after the cursor stay the same from key to key, so the
engine finds them in its KV cache; what is typed since goes behind the FIM-middle token. The anchor
moves only when it must, and the window's first line stays until the budget is full.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import frozen

from leanwide.context.view import View

Count = Callable[[str], int]
"""Gives the number of tokens of a text."""

_AFTER_SHARE: Final = 0.25
"""Share of the budget for the text after the cursor: what is coming matters less than what was."""
_REFILL_SHARE: Final = 0.7
"""A window that must move starts this full, so that the next lines find room."""
_TYPED_TOKENS: Final = 96
"""A typed part longer than this gets a new anchor: the model saw none so long in training."""


@frozen(kw_only=True)
class Window:
    """The pieces of the current file in a prompt. Line endings are LF."""

    first_line: int
    anchor_line: int
    """The FIM hole begins at the start of this line."""
    before: str
    """From the window's first line up to the anchor."""
    typed: str
    """From the anchor to the cursor."""
    after: str
    """From the cursor on."""


def build_window(view: View, previous: Window | None, budget: int, count: Count) -> Window:
    """Lay out the window for ``view`` in at most ``budget`` tokens, close to the previous one.

    Tokens are counted line by line, which is never less than what the whole text takes.
    """
    after = _after(view, int(budget * _AFTER_SHARE), count)
    if previous is not None and (kept := _typed_on(view, previous, after, count)) is not None:
        return kept
    room = budget - count(after) - count(view.line_before)
    first = _first_line(view, previous, room, count)
    return Window(
        first_line=first,
        anchor_line=view.line,
        before=_text(view, first, view.line),
        typed=view.line_before,
        after=after,
    )


def lines_in_reach(view: View, budget: int) -> tuple[str, ...]:
    """Every line that :func:`build_window` may count for this budget: none takes no token."""
    return view.lines[max(0, view.line - budget) : view.line + budget]


def _typed_on(view: View, previous: Window, after: str, count: Count) -> Window | None:
    """The previous window with more or less typed; None where the anchor has to move."""
    start = previous.anchor_line
    if view.line < start or after != previous.after:
        return None
    if _text(view, previous.first_line, start) != previous.before:
        return None
    typed = _text(view, start, view.line) + view.line_before
    if view.line > start and count(typed) > _TYPED_TOKENS:
        return None
    return Window(
        first_line=previous.first_line,
        anchor_line=start,
        before=previous.before,
        typed=typed,
        after=after,
    )


def _first_line(view: View, previous: Window | None, room: int, count: Count) -> int:
    """Where the window begins: where it did, while that fits, else with some room to grow."""
    if previous is not None and previous.first_line <= view.line:
        lines = view.lines[previous.first_line : view.line]
        full = sum(count(line) for line in lines)
        if room * _REFILL_SHARE / 2 <= full <= room or (full <= room and previous.first_line == 0):
            return previous.first_line
    left = room * _REFILL_SHARE
    first = view.line
    while first > 0 and (left := left - count(view.lines[first - 1])) >= 0:
        first -= 1
    return first


def _after(view: View, room: int, count: Count) -> str:
    """The text after the cursor: whole lines while they fit; the rest of this one always."""
    text = view.line_after
    left = room - count(text)
    last = view.line + 1
    while last < len(view.lines) and (left := left - count(view.lines[last])) >= 0:
        last += 1
    ending = (
        "\n" if view.line < len(view.lines) and view.lines[view.line] != view.current_line else ""
    )
    return text + ending + _text(view, view.line + 1, last)


def _text(view: View, first: int, last: int) -> str:
    """Lines ``first`` to ``last``, exclusive, with LF endings."""
    return "".join(view.lines[first:last]).replace("\r\n", "\n").replace("\r", "\n")
