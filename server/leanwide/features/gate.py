"""When leanwide keeps quiet although it is asked."""

from __future__ import annotations

import asyncio
from pathlib import PurePath
from typing import Final

from leanwide.context.view import View
from leanwide.features.names import Names
from leanwide.features.workbench import Manners
from leanwide.files.exclusions import why_text
from leanwide.syntax import SyntaxTree, in_comment, in_string

_MANY_LINES: Final = 20_000
"""Lines that are looked through in a thread: in fewer, that takes less than 3 ms."""
_LONGEST_LINE: Final = 2000
"""Longer lines are minified or data; counting their tokens would take long."""


async def why_left_alone(view: View, names: Names) -> str | None:
    """Give the reason why no text of a document enters a prompt, whoever asks; None if it may."""
    judged = await names.judge(view.path)
    if judged.reason is not None:
        return judged.reason
    name = PurePath(view.path).name
    if len(view.lines) < _MANY_LINES:
        return why_text(name, view.lines)
    return await asyncio.to_thread(why_text, name, view.lines)


def why_silent(view: View, asked_by_hand: bool) -> str | None:
    """Give the reason why there is no suggestion here, a sentence for the user; None to go on.

    Args:
        view: The document and its cursor.
        asked_by_hand: The user asked for a suggestion; the editor did not do so while they typed.
    """
    if len(view.current_line) > _LONGEST_LINE:
        return f"silent because the line has more than {_LONGEST_LINE} characters"
    if asked_by_hand:
        return None
    if view.deleting:
        return "silent while text is deleted"
    if view.has_text_after:
        return "silent because text follows the cursor; ask by hand for a suggestion"
    return None


def why_silent_here(view: View, tree: SyntaxTree, manners: Manners) -> str | None:
    """Give the reason why the user wants no suggestion at this place of the code."""
    at = (view.line, view.column)
    if not manners.in_comments and in_comment(tree, at):
        return "silent in comments, as set"
    if not manners.in_strings and in_string(tree, at):
        return "silent in strings, as set"
    return None
