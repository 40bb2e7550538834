"""Why there is no suggestion at a place although the client asks for one."""

from __future__ import annotations

import asyncio
from typing import Final

from leanwide.context.view import View
from leanwide.features.completion.request import InlineRequest
from leanwide.features.exclusion import exclusion_reason
from leanwide.features.session import Preferences, Session
from leanwide.features.trained_languages import notify_untrained
from leanwide.syntax import SyntaxTree, in_comment, in_string

_LONGEST_LINE: Final = 2000
"""Characters; longer lines are minified code or data, and counting their tokens takes long."""


def why_silent(view: View, *, by_hand: bool) -> str | None:
    """Return the reason, a sentence for the user, as far as the view alone tells; None to go on.

    Args:
        view: The document and its cursor.
        by_hand: The user asked for a suggestion; the client did not ask because they typed.
    """
    if len(view.current_line) > _LONGEST_LINE:
        return f"silent because the line has more than {_LONGEST_LINE} characters"
    if by_hand:
        return None
    if view.deleting:
        return "silent while text is deleted"
    if view.has_text_after:
        return "silent because text follows the cursor; ask by hand for a suggestion"
    return None


async def why_suppressed(inline: InlineRequest, session: Session) -> str | None:
    """Return why the model is not asked: an exclusion, its languages, or the user's preferences."""
    view, preferences = inline.view, session.preferences
    if reason := await exclusion_reason(view, session.names):
        return reason
    untrained = notify_untrained(view, session.typing_lane, session)
    if untrained is not None and not inline.by_hand:
        return f"silent: {untrained}; ask by hand for a suggestion"
    if inline.by_hand or preferences.everywhere:
        return None
    tree = await session.trees.here(view)
    return None if tree is None else await asyncio.to_thread(_why_here, view, tree, preferences)


def _why_here(view: View, tree: SyntaxTree, preferences: Preferences) -> str | None:
    """Return why the user wants no suggestion at this place of the code; None to go on."""
    at = (view.line, view.column)
    if not preferences.in_comments and in_comment(tree, at):
        return "silent in comments, as set"
    if not preferences.in_strings and in_string(tree, at):
        return "silent in strings, as set"
    return None
