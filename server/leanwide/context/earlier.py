"""A view over an earlier text of its document: edits far above the cursor are undone in it.

A prompt is found in the KV cache up to its first difference, so that an edit costs all text below
it again. Until that is evaluated, a prompt may hold the text before the edit instead, as one
contiguous text up to the lines around the cursor, which are always the present ones. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

from attrs import evolve

from leanwide.context.view import View
from leanwide.syntax import difference

_NEAREST: Final = 8
"""Unchanged lines in a row that have to stand between an edit and the cursor."""
_MAX_LINES: Final = 400
"""Lines from the first edit to the cursor: as many as stand on a page and the one before it. More
could take seconds to compare where many are the same."""


def earlier_above(view: View, earlier: tuple[str, ...]) -> View | None:
    """Return the view with the lines far above its cursor as they were in an earlier text.

    None where that is the view itself, or the edits are too near or too far.
    """
    first = difference(earlier, view.lines).first
    if not first < view.line <= first + _MAX_LINES:
        return None
    now = view.lines[first : view.line]
    then = earlier[first : first + 2 * _MAX_LINES]
    blocks = SequenceMatcher(None, then, now, autojunk=False).get_matching_blocks()
    last = next((block for block in reversed(blocks) if block.size >= _NEAREST), None)
    if last is None:
        return None
    above = (*earlier[: first + last.a + last.size], *now[last.b + last.size :])
    return evolve(view, lines=(*above, *view.lines[view.line :]), line=len(above))


def earlier_views(view: View, texts: Iterable[tuple[str, ...]]) -> list[View]:
    """Return the views over those earlier texts that :func:`earlier_above` has one for."""
    views = (earlier_above(view, lines) for lines in texts)
    return [earlier for earlier in views if earlier is not None]
