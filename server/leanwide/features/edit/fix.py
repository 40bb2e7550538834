"""Fix: code changed so that the diagnostics about it no longer apply."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from attrs import evolve, frozen

from leanwide.features.ask.selection import ResolvedSelection, Selection, resolve
from leanwide.features.edit.assignment import Assignment, EditContext, EditOutcome
from leanwide.features.edit.edit import edit
from leanwide.features.edit.fence import fence_around
from leanwide.features.edit.in_pieces import pieces_of
from leanwide.features.edit.length_guard import LEAST_SHARE
from leanwide.features.edit.rewrite import rewritten, settled_rewriting
from leanwide.features.refusal import Refusal
from leanwide.features.session import Session
from leanwide.prompt.editing import Finding, findings_request, fix_question


@frozen(kw_only=True)
class Diagnostic:
    """A tool's message about lines of a document."""

    first: int
    last: int
    """Inclusive."""
    message: str


async def fix(
    selection: Selection, diagnostics: Sequence[Diagnostic], context: EditContext
) -> EditOutcome:
    """Correct what the diagnostics say about the selected code.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    return await edit(_assignment(selection, diagnostics, context.session), context)


async def _assignment(
    selection: Selection, diagnostics: Sequence[Diagnostic], session: Session
) -> Assignment:
    """Return what is wanted from the model.

    Raises:
        Refusal: There is no code, or no diagnostic about it.
    """
    resolved = await resolve(selection, "fix", session)
    lines = range(resolved.passage.first, resolved.passage.last)
    findings = [
        _finding(diagnostic, resolved)
        for diagnostic in diagnostics
        if diagnostic.first < lines.stop and diagnostic.last >= lines.start
    ]
    if not findings:
        raise Refusal(
            "There is nothing to fix here: no tool has found anything wrong with these lines."
        )
    resolved = evolve(resolved, passage=evolve(resolved.passage, focus=""))
    said = "\n".join(finding.message for finding in findings)
    return Assignment(
        resolved=resolved,
        question=partial(fix_question, findings=findings),
        change=partial(rewritten, resolved, LEAST_SHARE, asked=said),
        settled=partial(settled_rewriting, resolved),
        fence=fence_around(resolved),
        pieces=pieces_of(
            resolved,
            findings_request(findings),
            [lines.start + finding.line - 1 for finding in findings],
            LEAST_SHARE,
        ),
    )


def _finding(diagnostic: Diagnostic, resolved: ResolvedSelection) -> Finding:
    """Return what the model reads of a diagnostic: its first line in the passage is meant."""
    first = resolved.passage.first
    line = max(diagnostic.first, first)
    return Finding(
        line=line - first + 1, text=resolved.view.lines[line], message=diagnostic.message
    )
