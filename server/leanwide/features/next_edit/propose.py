"""Propose the next edit: a candidate that is certain, or that the model finds likely.

Judging is background work: no request of the user waits for it. Without a model that can judge,
only certain candidates are proposed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

from attrs import define, evolve, field

from leanwide.engine.requests import CancelToken
from leanwide.features.exclusion import exclusion_reason
from leanwide.features.journal import AnswerSource, no_cost_record
from leanwide.features.next_edit.event import EditEvent
from leanwide.features.next_edit.judging import CandidateJudgement, NotMeasurable, with_cost
from leanwide.features.next_edit.search import Found, NextEditRequest, search
from leanwide.features.next_edit.state import NextEdit, NextEditState
from leanwide.features.next_edit.writing import edit_writer, write_edit
from leanwide.modes.router import Signals, Task, route

_MAX_JUDGED: Final = 4
"""Candidates that are judged for one proposal."""


async def propose(
    asked: NextEditRequest, state: NextEditState, cancel: CancelToken
) -> NextEdit | None:
    """Return what the user is likely to edit next; None where nothing is clear, or on cancel."""
    began = time.monotonic()
    if not state.enabled:
        return None
    events = await state.events(began)
    if not events:
        return None
    choice = _Choice(state, events, began)
    if reason := await exclusion_reason(asked.view, state.session.names):
        choice.record(f"silent: {reason}")
        return None
    async with aclosing(search(asked, events, state.session)) as places:
        async for found in places:
            why = await choice.why_shown(found, cancel)
            if cancel.cancelled:
                return None
            if why:
                choice.record(f"{found.candidate.kind}: {found.candidate.reason}, {why}", found)
                return state.propose(found.candidate, found.document)
    choice.record(choice.silence)
    return await _written(asked, events, state, cancel)


async def _written(
    asked: NextEditRequest, events: Sequence[EditEvent], state: NextEditState, cancel: CancelToken
) -> NextEdit | None:
    """Return what a model writes, where the user has one that writes edits."""
    writer = edit_writer(state.session)
    if writer is None or cancel.cancelled:
        return None
    found = await write_edit(asked.view, events, writer, state.session, cancel)
    if found is None or state.was_rejected(found.candidate, found.document):
        return None
    return state.propose(found.candidate, found.document)


@define
class _Choice:
    """A proposal while it is made."""

    state: NextEditState
    events: Sequence[EditEvent]
    began: float
    judged: list[CandidateJudgement] = field(factory=list)
    unmeasured: str = ""
    """Why a candidate was not judged."""

    async def why_shown(self, found: Found, cancel: CancelToken) -> str:
        """Return why a candidate is shown, a part of a sentence; "" where it is not."""
        if self.state.was_rejected(found.candidate, found.document):
            return ""
        if found.candidate.certain:
            return "certain"
        judgement = await self._judge(found, cancel)
        if judgement is None or judgement.surplus < 0:
            return ""
        return f"{judgement.nats:.1f} nats likelier than what is there"

    async def _judge(self, found: Found, cancel: CancelToken) -> CandidateJudgement | None:
        """Judge a candidate; None where it is not, or once that is cancelled."""
        if len(self.judged) == _MAX_JUDGED or cancel.cancelled:
            return None
        judge = self.state.judge.judge
        try:
            judgement = await judge(found.candidate, found.document, self.events, cancel)
        except NotMeasurable as error:
            self.unmeasured = str(error)
            return None
        if judgement is not None:
            self.judged.append(judgement)
        return judgement

    @property
    def silence(self) -> str:
        """Why nothing is proposed, a part of a sentence."""
        if self.judged:
            best = max(self.judged, key=lambda judgement: judgement.surplus)
            return (
                f"silent: the best of {len(self.judged)} candidates is {best.nats:.1f} nats "
                f"likelier than what is there, and {best.needed:g} are needed"
            )
        if self.unmeasured:
            return f"silent: what follows from the last edits is not certain, and {self.unmeasured}"
        return "silent: nothing follows from the last edits"

    def record(self, reason: str, found: Found | None = None) -> None:
        """Add what was decided, and what it cost, to the journal."""
        session = self.state.session
        signals = Signals(machine=session.backend.machine)
        decision = route(Task.NEXT_EDIT, signals, session.profiles)
        source = AnswerSource.NONE if found is None else AnswerSource.HISTORY
        record = no_cost_record(decision, source, reason, self.began)
        if found is not None:
            record = evolve(record, answer=found.candidate.edit.text)
        record = with_cost(record, self.judged)
        last = session.journal.records[-1:]
        if (
            found is None
            and not record.tokens_evaluated
            and last
            and last[0].reason == record.reason
        ):
            return  # a client asks after every key
        session.journal.add(record)
