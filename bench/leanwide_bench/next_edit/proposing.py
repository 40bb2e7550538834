"""The ways to propose a next edit that are compared: candidates alone, and the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from types import MappingProxyType
from typing import Any, Final

from attrs import frozen

from leanwide.features.next_edit.candidate import Candidate
from leanwide.features.next_edit.candidates import candidates
from leanwide.features.next_edit.event import EditEvent
from leanwide.syntax import Edit, Position
from leanwide_bench.next_edit.cases import EditMoment, file_name
from leanwide_bench.replay.buffer import Buffer
from leanwide_bench.replay.session import ServerSession

_ANSWER_WITHIN_S: Final = 60.0


@frozen(kw_only=True)
class MeasuredProposal:
    """What is proposed at a moment, and what it cost."""

    edit: Edit | None
    """None: nothing is shown."""
    kind: str = ""
    why: str = ""
    ms: float
    tokens: int = 0
    """Tokens that the model evaluated."""


Propose = Callable[[EditMoment], Awaitable[MeasuredProposal]]

WITHOUT_MODEL: Final[Mapping[str, Callable[[Candidate], bool]]] = MappingProxyType(
    {"certain": lambda candidate: candidate.certain, "all": lambda _: True}
)
"""Which candidates are shown, by the name of the way."""
WITH_MODEL: Final = "judged"


def without_model(is_shown: Callable[[Candidate], bool]) -> Propose:
    """Return the way that proposes the first candidate which may be shown."""

    async def propose(moment: EditMoment) -> MeasuredProposal:
        began = time.perf_counter()
        found = await asyncio.to_thread(
            candidates, moment.events, moment.document, moment.tree, moment.cursor
        )
        ms = 1000 * (time.perf_counter() - began)
        first = next(filter(is_shown, found), None)
        if first is None:
            return MeasuredProposal(edit=None, ms=ms)
        return MeasuredProposal(edit=first.edit, kind=first.kind, why=first.reason, ms=ms)

    return propose


def through(server: ServerSession) -> Propose:
    """Return the way that makes the edits over LSP, and requests the next one.

    The time is from the newest edit to the answer.
    """
    numbers = count()

    async def propose(moment: EditMoment) -> MeasuredProposal:
        *earlier, newest = reversed(moment.events)
        name = f"{next(numbers)}_{file_name(moment)}"
        buffer = server.open(name, moment.document.language_id, _before(moment))
        await server.wait_until_loaded()
        for event in earlier:
            _change(server, buffer, event)
        buffer.cursor = (newest.line, 0)
        await _asked(server, buffer)  # as editors do after every edit: the text is parsed
        await server.poll()
        known = len(server.records)
        began = time.perf_counter()
        _change(server, buffer, newest)
        buffer.cursor = moment.cursor
        answer = await _asked(server, buffer)
        ms = 1000 * (time.perf_counter() - began)
        await server.poll()
        server.close(buffer.uri)
        records = server.records[known:]
        tokens = sum(record["tokensEvaluated"] for record in records)
        why = records[-1]["reason"] if records else ""
        for found in answer["edits"]:
            if found["textDocument"]["uri"] == buffer.uri:
                edit = _edit(buffer, found)
                return MeasuredProposal(
                    edit=edit, kind=found["kind"], why=why, ms=ms, tokens=tokens
                )
        return MeasuredProposal(edit=None, why=why, ms=ms, tokens=tokens)

    return propose


async def _asked(server: ServerSession, buffer: Buffer) -> dict[str, Any]:
    return await asyncio.wait_for(server.next_edit(buffer), _ANSWER_WITHIN_S)


def _before(moment: EditMoment) -> str:
    """Return the text of a moment's document before the events."""
    lines = list(moment.document.lines)
    for event in moment.events:
        lines[event.line : event.line + len(event.after)] = event.before
    return "".join(lines)


def _change(server: ServerSession, buffer: Buffer, event: EditEvent) -> None:
    last = event.line + len(event.before)
    server.change(buffer, buffer.replace_lines(event.line, last, "".join(event.after)))


def _edit(buffer: Buffer, found: dict[str, Any]) -> Edit:
    start, end = found["range"]["start"], found["range"]["end"]
    return Edit(Position(*buffer.place(start)), Position(*buffer.place(end)), found["text"])
