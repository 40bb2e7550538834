"""Has next edits proposed at cases, and records what they are and what they cost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from attrs import field, frozen

from leanwide_bench.next_edit.cases import Expectation, NextEditCase
from leanwide_bench.next_edit.hunks import Hunk
from leanwide_bench.next_edit.judging import ProposalOutcome, changed_lines, judge, parses_worse
from leanwide_bench.next_edit.proposing import MeasuredProposal, Propose


@frozen(kw_only=True)
class ProposedEdit:
    """What was shown at a case, beside the author's text."""

    outcome: ProposalOutcome
    parses_worse: bool
    kind: str
    """Of the candidate."""
    path: str
    line: int
    """The first line that it changes, from 0."""
    before: tuple[str, ...]
    after: tuple[str, ...]


@frozen(kw_only=True)
class NextEditResult:
    """One way of proposing at one case."""

    way: str
    origin: str
    path: str
    """Of the file that the author changed afterwards."""
    language: str
    expectation: Expectation
    history: tuple[Hunk, ...]
    """The edits before it, the newest first, each where it is in the edited document."""
    remaining: tuple[Hunk, ...] = field(repr=False)
    """What the author changed afterwards."""
    shown: ProposedEdit | None
    why: str
    """Why it is shown, or why nothing is."""
    ms: float
    tokens: int
    """Tokens that the model evaluated."""


async def ask(
    cases: AsyncIterator[NextEditCase], ways: Mapping[str, Propose]
) -> AsyncIterator[NextEditResult]:
    """Yield the result of every way at every case.

    Args:
        cases: The cases.
        ways: How to propose, by a name.

    Raises:
        ReplayError: The server cannot be reached.
    """
    async for case in cases:
        for way, propose in ways.items():
            yield _result(case, way, await propose(case.moment))


def _result(case: NextEditCase, way: str, proposal: MeasuredProposal) -> NextEditResult:
    target = case.target
    return NextEditResult(
        way=way,
        origin=case.origin,
        path=target.document.path.removeprefix("/"),
        language=target.tree.language.name,
        expectation=case.expectation,
        history=tuple(
            Hunk(event.line, event.line + len(event.after), event.before, event.after)
            for event in case.moment.events
        ),
        remaining=case.remaining,
        shown=_shown(case, proposal),
        why=proposal.why,
        ms=round(proposal.ms, 3),
        tokens=proposal.tokens,
    )


def _shown(case: NextEditCase, proposal: MeasuredProposal) -> ProposedEdit | None:
    edit, text = proposal.edit, case.moment.text(proposal.uri)
    if edit is None:
        return None
    change = changed_lines(text.document.lines, edit)
    return ProposedEdit(
        outcome=judge(case, proposal.uri, edit),
        parses_worse=parses_worse(text, edit),
        kind=proposal.kind,
        path=text.document.path.removeprefix("/"),
        line=change.first,
        before=change.before,
        after=change.after,
    )
