"""The anchored window: the text of a prompt, laid out so that typing only appends to it.

The text before the anchor and the text after the cursor stay the same from key to key, so the
engine finds them in its KV cache; text typed since then follows the FIM-middle token. The anchor
moves only when it must: then the window grows by the lines in between while there is room, and
otherwise a new one is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from attrs import evolve, field, frozen

from leanwide.context.snippet import Snippet
from leanwide.context.view import View, with_lf

Count = Callable[[str], int]
"""Returns the number of tokens of a text."""

AFTER_SHARE: Final = 0.25
"""Share of the budget for the text after the cursor, which matters less than the text before."""
FILL_SHARE: Final = 0.9
"""Share of the budget that a new window fills, so that the next typed lines fit as well."""
_MAX_TYPED_TOKENS: Final = 96
"""Tokens typed since the anchor before it has to move."""


@frozen
class ChosenLines:
    """Lines around the cursor's line, with LF endings."""

    before: str
    """Above the cursor's line."""
    after: str
    """Below the cursor's line."""


@frozen
class Related:
    """Pieces of other files in front of a window. They stay as long as the window does."""

    path: str = ""
    """The window's own file, relative to the workspace root, POSIX."""
    snippets: tuple[Snippet, ...] = ()
    tokens: int = 0
    """Of all pieces and all paths, the window's own included."""


@frozen(kw_only=True)
class Window:
    """The pieces of a prompt. Line endings are LF."""

    anchor_line: int
    """The FIM hole begins at the start of this line."""
    before: str
    """The chosen text before the anchor."""
    typed: str
    """All text from the anchor to the cursor."""
    after: str
    """The chosen text after the cursor."""
    tokens: int
    """Tokens of everything except ``typed``."""
    head: Sequence[str] = field(repr=False)
    """All lines before the anchor when it was set."""
    tail: Sequence[str] = field(repr=False)
    """The rest of the cursor's line and all lines after it at that time."""
    path: str = ""
    """The document's ``View.path``."""
    related: Related = Related()
    whole: bool = True
    """Whether it fills its mode's budget; otherwise the rest is read while idle."""


def keep_window(view: View, previous: Window, budget: int, count: Count) -> Window | None:
    """Return the previous window for a later view, its anchor moved if it must.

    None where the text around has changed, or the budget, in tokens, is exceeded.
    """
    window = follow(view, previous)
    if window is None:
        return None
    if window.anchor_line != view.line and count(window.typed) > _MAX_TYPED_TOKENS:
        window = move_anchor(view, window, count)
    return window if window.tokens + count(window.typed) <= budget else None


def new_window(
    view: View, chosen: ChosenLines, count: Count, related: Related = Related()
) -> Window:
    """Return a window with its anchor on the cursor's line."""
    after = with_lf(view.line_after + view.line_ending) + chosen.after
    return Window(
        anchor_line=view.line,
        before=chosen.before,
        typed=view.line_before,
        after=after,
        tokens=related.tokens + count(chosen.before) + count(after),
        head=view.lines[: view.line],
        tail=tail_of(view),
        path=view.path,
        related=related,
    )


def moved_to(view: View, window: Window) -> Window:
    """Return a window over an earlier text, which has the same lines below, as one of this view."""
    return evolve(window, anchor_line=view.line, head=view.lines[: view.line])


def follow(view: View, window: Window) -> Window | None:
    """Return the window with the text typed in ``view``; None where the text around has changed."""
    start = window.anchor_line
    if view.line < start or tail_of(view) != window.tail or view.lines[:start] != window.head:
        return None
    typed = with_lf("".join(view.lines[start : view.line])) + view.line_before
    return evolve(window, typed=typed)


def move_anchor(view: View, window: Window, count: Count) -> Window:
    """Return the window with its anchor on the cursor's line.

    The lines in between are added to the text before. The window must follow the view.
    """
    above, newline, typed = window.typed.rpartition("\n")
    return evolve(
        window,
        anchor_line=view.line,
        before=window.before + above + newline,
        typed=typed,
        tokens=window.tokens + count(above + newline),
        head=view.lines[: view.line],
    )


def tail_of(view: View) -> tuple[str, ...]:
    """Return the rest of the cursor's line and all lines after it."""
    return (view.line_after + view.line_ending, *view.lines[view.line + 1 :])
