"""Fix: code changed so that the tools that found something wrong with it are content."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from attrs import evolve, frozen

from leanwide.features.ask.selection import Selection, resolve
from leanwide.features.edit.edit import Assignment, EditContext, EditOutcome, edit, no_change
from leanwide.features.edit.prose_guard import LEAST_SHARE, fence_around
from leanwide.features.edit.rewrite import rewritten
from leanwide.prompt.editing import Finding, fix_question

_NOTHING = "There is nothing to fix here: no tool has found anything wrong with these lines."


@frozen(kw_only=True)
class Diagnostic:
    """What a tool says of some lines of a document."""

    first: int
    last: int
    """Up to, and including."""
    message: str


async def fix(
    place: Selection, diagnostics: Sequence[Diagnostic], desk: EditContext
) -> EditOutcome:
    """Mend what the diagnostics say of the code at a place.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    found = await resolve(place, "fix", desk.session)
    if isinstance(found, str):
        return no_change(found, desk)
    lines = range(found.passage.first, found.passage.last)
    findings = [
        Finding(max(one.first, lines.start) - lines.start + 1, one.message)
        for one in diagnostics
        if one.first < lines.stop and one.last >= lines.start
    ]
    if not findings:
        return no_change(_NOTHING, desk)
    whole = evolve(found, passage=evolve(found.passage, focus=""))
    assignment = Assignment(
        found=whole,
        question=partial(fix_question, findings=findings),
        change=partial(rewritten, whole, LEAST_SHARE),
        fence=fence_around(whole),
    )
    return await edit(assignment, desk)
