"""Finds where a completion is complete while its text grows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from leanwide.context.view import View
from leanwide.context.window import Window
from leanwide.postprocess.repetition import loop_start
from leanwide.syntax import SyntaxTree, completed_length, completion_shape

FindEnd = Callable[[str], int | None]
"""Returns where a text is complete, in code points; None while it is not."""

FindTree = Callable[[View], Awaitable[SyntaxTree | None]]
"""Returns the syntax tree of a view; None for a language without a grammar."""


async def end_detector(view: View, window: Window, find_tree: FindTree) -> FindEnd:
    """Return what finds the end of a completion at a view: by syntax, by lines, or at a loop."""
    tree = await find_tree(view)
    ends: FindEnd = _rest_of_line if view.line_before.strip() else _first_paragraph
    if tree is not None:
        ends = await _by_syntax(tree, view, window)

    known = (window.before + window.typed, window.after)

    def find_end(text: str) -> int | None:
        end = ends(text)
        return loop_start(text, known) if end is None else end

    return find_end


async def _by_syntax(tree: SyntaxTree, view: View, window: Window) -> FindEnd:
    """Return what finds where the syntax closes that the completion completes."""
    before = window.before + window.typed
    kind = await asyncio.to_thread(completion_shape, tree, (view.line, view.column))
    language = tree.language

    def ends(text: str) -> int | None:
        return completed_length(language, before, text, window.after, shape=kind)

    await asyncio.to_thread(ends, "")  # scans the text before the cursor, and remembers the result
    return ends


def _rest_of_line(text: str) -> int | None:
    """Return where the line ends; a text that begins with a line break is a paragraph below it."""
    if "\n" in text[: len(text) - len(text.lstrip())]:
        return _first_paragraph(text)
    end = text.find("\n")
    return end if end >= 0 else None


def _first_paragraph(text: str) -> int | None:
    end = text.find("\n\n", len(text) - len(text.lstrip()))
    return end if end >= 0 else None
