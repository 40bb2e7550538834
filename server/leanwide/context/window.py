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

from leanwide.context.snippet import Snippet
from leanwide.context.view import View, with_lf

Count = Callable[[str], int]
"""Gives the number of tokens of a text."""

AFTER_SHARE: Final = 0.25
"""Share of the budget for the text after the cursor: what is coming matters less than what was."""
FILL_SHARE: Final = 0.9
"""A window that is chosen anew is filled this far, so that the next lines find room."""
_TYPED_TOKENS: Final = 96
"""A typed part may grow this long, in tokens, before the anchor has to move."""


@frozen
class ChosenLines:
    """Lines around the cursor's line, with LF endings."""

    before: str
    """Above the cursor's line."""
    after: str
    """Below the cursor's line."""


@frozen
class Related:
    """Pieces of other files in front of a window: they stay while the window does."""

    path: str = ""
    """The window's own file, relative to the workspace root, POSIX."""
    snippets: tuple[Snippet, ...] = ()
    tokens: int = 0
    """Of all pieces and of all paths, the own one included."""


@frozen(kw_only=True)
class Window:
    """The pieces of a prompt. Line endings are LF."""

    anchor_line: int
    """The FIM hole begins at the start of this line."""
    before: str
    """What of the file stands before the anchor."""
    typed: str
    """From the anchor to the cursor, complete."""
    after: str
    """What of the file stands after the cursor."""
    tokens: int
    """Tokens of all but ``typed``."""
    head: Sequence[str] = field(repr=False)
    """All lines before the anchor, as they were when it was set."""
    tail: Sequence[str] = field(repr=False)
    """The rest of the cursor's line and all lines after it, as they were then."""
    path: str = ""
    """The document's, as its views have it."""
    related: Related = Related()
    whole: bool = True
    """It has all that its mode may have; otherwise more is read when nobody waits."""


def keep_window(view: View, previous: Window, budget: int, count: Count) -> Window | None:
    """The previous window for a later view, its anchor moved if need be; None where it must go."""
    window = follow(view, previous)
    if window is None:
        return None
    if window.anchor_line != view.line and count(window.typed) > _TYPED_TOKENS:
        window = move_anchor(view, window, count)
    return window if window.tokens + count(window.typed) <= budget else None


def new_window(
    view: View, chosen: ChosenLines, count: Count, related: Related = Related()
) -> Window:
    """A window with its anchor on the cursor's line."""
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


def follow(view: View, window: Window) -> Window | None:
    """The same window with more or less typed; None where the text around has changed."""
    start = window.anchor_line
    if view.line < start or tail_of(view) != window.tail or view.lines[:start] != window.head:
        return None
    typed = with_lf("".join(view.lines[start : view.line])) + view.line_before
    return evolve(window, typed=typed)


def move_anchor(view: View, window: Window, count: Count) -> Window:
    """The same window with its anchor on the cursor's line; the lines between join the text before.

    The window must follow the view.
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
    """The rest of the cursor's line and all lines after it."""
    return (view.line_after + view.line_ending, *view.lines[view.line + 1 :])
