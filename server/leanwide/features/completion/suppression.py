"""When leanwide keeps quiet although it is asked."""

from __future__ import annotations

from typing import Final

from leanwide.context.view import View
from leanwide.features.session import Preferences
from leanwide.syntax import SyntaxTree, in_comment, in_string

_LONGEST_LINE: Final = 2000
"""Longer lines are minified or data; counting their tokens would take long."""


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


def why_silent_here(view: View, tree: SyntaxTree, manners: Preferences) -> str | None:
    """Give the reason why the user wants no suggestion at this place of the code."""
    at = (view.line, view.column)
    if not manners.in_comments and in_comment(tree, at):
        return "silent in comments, as set"
    if not manners.in_strings and in_string(tree, at):
        return "silent in strings, as set"
    return None
