"""The anchored window: which text goes into the prompt, laid out so that typing only appends.

The text before the anchor and the text after the cursor stay the same from key to key, so the
engine finds them in its KV cache; what is typed since goes behind the FIM-middle token. The anchor
moves only when it must; when it does, the window grows by the lines in between while there is room,
and is chosen anew when there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from attrs import evolve, field, frozen

from leanwide.context.view import View, with_lf

Count = Callable[[str], int]
"""Gives the number of tokens of a text."""

Choose = Callable[[View, int, int], "Chosen"]
"""Chooses lines around the cursor: view, tokens before it, tokens after it → lines."""

_AFTER_SHARE: Final = 0.25
"""Share of the budget for the text after the cursor: what is coming matters less than what was."""
_FILL_SHARE: Final = 0.7
"""A window that is chosen anew is filled this far, so that the next lines find room."""
_TYPED_TOKENS: Final = 96
"""A typed part may grow this long, in tokens, before the anchor has to move."""


@frozen
class Chosen:
    """Lines around the cursor's line, with LF endings."""

    before: str
    """Up to the start of the cursor's line."""
    after: str
    """From the start of the line below the cursor's."""


@frozen(kw_only=True)
class Window:
    """The pieces of the current file in a prompt. Line endings are LF."""

    anchor_line: int
    """The FIM hole begins at the start of this line."""
    before: str
    """What of the file stands before the anchor."""
    typed: str
    """From the anchor to the cursor, complete."""
    after: str
    """What of the file stands after the cursor."""
    tokens: int
    """Tokens of ``before`` and ``after`` together."""
    head: Sequence[str] = field(repr=False)
    """All lines before the anchor when the window was chosen."""
    tail: Sequence[str] = field(repr=False)
    """All lines after the cursor's line, and the rest of that one in front."""


def build_window(
    view: View, previous: Window | None, budget: int, count: Count, choose: Choose
) -> Window:
    """Lay out the window for ``view`` in at most ``budget`` tokens, close to the previous one."""
    if previous is not None and (typed_on := follow(view, previous)) is not None:
        if typed_on.anchor_line == view.line or count(typed_on.typed) <= _TYPED_TOKENS:
            return typed_on
        moved = move_anchor(view, typed_on)
        tokens = previous.tokens + count(typed_on.typed)
        if tokens + count(moved.typed) <= budget:
            return evolve(moved, tokens=tokens)
    return _anew(view, budget, count, choose)


def follow(view: View, window: Window) -> Window | None:
    """The same window with more or less typed; None where the text around has changed."""
    start = window.anchor_line
    if view.line < start or _tail(view) != window.tail or view.lines[:start] != window.head:
        return None
    typed = with_lf("".join(view.lines[start : view.line])) + view.line_before
    return evolve(window, typed=typed)


def move_anchor(view: View, window: Window) -> Window:
    """The same window with its anchor on the cursor's line; the lines between join the text before.

    The window must follow the view.
    """
    whole, _, typed = window.typed.rpartition("\n")
    before = (
        window.before + whole + "\n" if whole or window.typed.startswith("\n") else window.before
    )
    return evolve(
        window,
        anchor_line=view.line,
        before=before,
        typed=typed,
        head=view.lines[: view.line],
    )


def _anew(view: View, budget: int, count: Count, choose: Choose) -> Window:
    """Choose the lines afresh, leaving room for what will be typed."""
    room = int(budget * _FILL_SHARE) - count(view.line_before) - count(view.line_after)
    room_after = int(budget * _AFTER_SHARE)
    chosen = choose(view, max(0, room - room_after), room_after)
    ended = view.line < len(view.lines) and view.lines[view.line] != view.current_line
    after = view.line_after + ("\n" if ended else "") + chosen.after
    return Window(
        anchor_line=view.line,
        before=chosen.before,
        typed=view.line_before,
        after=after,
        tokens=count(chosen.before) + count(after),
        head=view.lines[: view.line],
        tail=_tail(view),
    )


def _tail(view: View) -> tuple[str, ...]:
    return (view.line_after, *view.lines[view.line + 1 :])
