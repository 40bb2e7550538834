"""The ways to propose a next edit that are compared: candidates alone, and the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Final

from attrs import frozen

from leanwide.context.view import Snapshot
from leanwide.features.next_edit.candidate import Candidate
from leanwide.features.next_edit.candidates import candidates
from leanwide.features.next_edit.event import EditEvent
from leanwide.syntax import Edit, Position
from leanwide.syntax.text import code_column
from leanwide_bench.next_edit.cases import EditMoment
from leanwide_bench.replay.buffer import Buffer
from leanwide_bench.replay.rpc import ReplayError
from leanwide_bench.replay.session import ServerSession

_ANSWER_WITHIN_S: Final = 60.0


@frozen(kw_only=True)
class MeasuredProposal:
    """What is proposed at a moment, and what it cost."""

    edit: Edit | None
    """None: nothing is shown."""
    uri: str = ""
    """Of the document that it is for."""
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
        first = await asyncio.to_thread(_first, moment, is_shown)
        ms = 1000 * (time.perf_counter() - began)
        if first is None:
            return MeasuredProposal(edit=None, ms=ms)
        return MeasuredProposal(
            edit=first.edit, uri=first.uri, kind=first.kind, why=first.reason, ms=ms
        )

    return propose


def through(server: ServerSession) -> Propose:
    """Return the way that makes the edits over LSP, and requests the next one.

    The time is from the newest edit to the answer.
    """
    numbers = count()

    async def propose(moment: EditMoment) -> MeasuredProposal:
        *earlier, newest = reversed(moment.events)
        texts = _opened(server, moment, numbers)
        edited = texts[moment.edited.document.uri]
        await server.wait_until_loaded()
        for event in earlier:
            _change(server, edited, event)
        edited.cursor = (newest.line, 0)
        await _asked(server, edited)  # as editors do after every edit: the text is parsed
        await server.poll()
        known = len(server.records)
        began = time.perf_counter()
        _change(server, edited, newest)
        edited.cursor = moment.cursor
        answer = await _asked(server, edited)
        ms = 1000 * (time.perf_counter() - began)
        await server.poll()
        for buffer in texts.values():
            server.close(buffer.uri)
        return _measured(moment, texts, answer, server.records[known:], ms)

    return propose


def _opened(server: ServerSession, moment: EditMoment, numbers: Iterator[int]) -> dict[str, Buffer]:
    """Open the documents of a moment as they were before its events; return them by their URIs."""
    lines = list(moment.edited.document.lines)
    for event in moment.events:
        lines[event.line : event.line + len(event.after)] = event.before
    texts = [(moment.edited.document, "".join(lines))]
    if moment.other is not None:
        texts.append((moment.other.document, "".join(moment.other.document.lines)))
    return {
        document.uri: server.open(
            f"{next(numbers)}_{PurePosixPath(document.path).name}", document.language_id, text
        )
        for document, text in texts
    }


def _measured(
    moment: EditMoment,
    texts: Mapping[str, Buffer],
    answer: Mapping[str, Any],
    records: Sequence[Mapping[str, Any]],
    ms: float,
) -> MeasuredProposal:
    """Return the first edit of an answer, and what the server's records say of it."""
    why = records[-1]["reason"] if records else ""
    tokens = sum(record["tokensEvaluated"] for record in records)
    for found in answer["edits"]:
        by_buffer = {buffer.uri: uri for uri, buffer in texts.items()}
        uri = by_buffer[found["textDocument"]["uri"]]
        edit = _edit(moment.text(uri).document, found)
        return MeasuredProposal(
            edit=edit, uri=uri, kind=found["kind"], why=why, ms=ms, tokens=tokens
        )
    return MeasuredProposal(edit=None, why=why, ms=ms, tokens=tokens)


def _first(moment: EditMoment, is_shown: Callable[[Candidate], bool]) -> Candidate | None:
    """Return the first candidate that may be shown: of what was edited, else of the other text."""
    texts = [(moment.edited, moment.cursor)]
    if moment.other is not None:
        texts.append((moment.other, Position(0, 0)))
    for text, cursor in texts:
        found = candidates(moment.events, text.document, text.tree, cursor)
        first = next(filter(is_shown, found), None)
        if first is not None:
            return first
    return None


async def _asked(server: ServerSession, buffer: Buffer) -> dict[str, Any]:
    """Return the server's answer.

    Raises:
        ReplayError: It refuses, has ended, or does not answer.
    """
    try:
        return await asyncio.wait_for(server.next_edit(buffer), _ANSWER_WITHIN_S)
    except TimeoutError as error:
        raise ReplayError(f"no next edit within {_ANSWER_WITHIN_S:.0f} s") from error


def _change(server: ServerSession, buffer: Buffer, event: EditEvent) -> None:
    last = event.line + len(event.before)
    server.change(buffer, buffer.replace_lines(event.line, last, "".join(event.after)))


def _edit(document: Snapshot, found: dict[str, Any]) -> Edit:
    """Return an edit of the server's answer, whose columns count UTF-8 bytes."""
    places = (found["range"][end] for end in ("start", "end"))
    start, end = (
        Position(place["line"], code_column(_line(document, place["line"]), place["character"]))
        for place in places
    )
    return Edit(start, end, found["text"])


def _line(document: Snapshot, number: int) -> str:
    return document.lines[number] if number < len(document.lines) else ""
