"""Plays a trace as an editor does: sends requests after keys and shows their answers."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from attrs import define, evolve, field, frozen

from leanwide_bench.replay.buffer import Buffer, Encoding, Ghost
from leanwide_bench.replay.rpc import ReplayError, Reply
from leanwide_bench.replay.session import ServerSession
from leanwide_bench.replay.traces import (
    Accept,
    Backspace,
    Insert,
    Key,
    Move,
    Pause,
    SwitchDocument,
    Trace,
)

_POLL_AFTER: Final = 20
"""Requests after which the records are fetched when no request is open; the server keeps 50."""
_POLL_LATEST: Final = 40
"""Requests after which the records are fetched in any case."""
_ANSWER_WITHIN_S: Final = 60.0
"""Seconds after which a request counts as never answered."""


@frozen(kw_only=True)
class Client:
    """How an editor sends requests."""

    name: str
    encoding: Encoding
    debounce_ms: float
    """Milliseconds without a key before a request is sent; 0 sends one at every key."""
    cancels: bool
    """Whether it cancels a superseded request."""
    asks_after_move: bool
    """Whether it sends a request after a move of the cursor."""
    next_edits: bool = False
    """Whether it asks for the next edit after every key, too, and cancels that with the next one:
    more often than an editor does, which waits for a pause."""


VSCODE: Final = Client(
    name="vscode", encoding="utf-16", debounce_ms=0.0, cancels=True, asks_after_move=False
)
NEOVIM: Final = Client(
    name="neovim", encoding="utf-8", debounce_ms=200.0, cancels=False, asks_after_move=True
)
VSCODE_NEXT_EDITS: Final = evolve(VSCODE, name="vscode-next-edits", next_edits=True)
CLIENTS: Final = {client.name: client for client in (VSCODE, NEOVIM, VSCODE_NEXT_EDITS)}


@define(kw_only=True)
class RequestSample:
    """One request. Times are seconds on the clock of ``time.perf_counter``."""

    number: int
    """Its JSON-RPC id."""
    key_at: float
    """When its key was pressed."""
    sent_at: float
    typed_through: bool
    """Whether the key matched the ghost text, which then stays without an answer."""
    reply: Reply | None = None
    retired: bool = False
    """Superseded by a newer request, a move or another file before it was answered."""

    @property
    def items(self) -> list[dict[str, Any]]:
        """The suggestions of its answer."""
        result = self.reply.result if self.reply is not None else None
        found = result.get("items", []) if isinstance(result, dict) else result
        return list(found or [])


@define(kw_only=True)
class PlayedTrace:
    """What happened while a trace was played."""

    keys: int = 0
    """Keys that changed the text."""
    typed_through: int = 0
    """Keys among them that matched the ghost text."""
    accepted: int = 0
    nothing_to_accept: int = 0
    samples: list[RequestSample] = field(factory=list)


class Typist:
    """A user of an editor."""

    def __init__(self, session: ServerSession, client: Client, pace_ms: float) -> None:
        self._session = session
        self._client = client
        self._pace_ms = pace_ms
        self._buffers: dict[str, Buffer] = {}
        self._front: Buffer
        self._live: RequestSample | None = None
        self._asking: asyncio.Task[None] | None = None
        self._answers: set[asyncio.Task[None]] = set()
        self._lost: set[asyncio.Task[None]] = set()
        self._unpolled = 0
        self._proposal: int | None = None
        """The last request for the next edit."""
        self.played = PlayedTrace()

    async def play(self, trace: Trace) -> PlayedTrace:
        """Play a trace, and wait until every request is answered."""
        for document in trace.documents:
            buffer = self._session.open(document.name, document.language, document.text)
            self._buffers[document.name] = buffer
        self._front = self._buffers[trace.documents[0].name]
        await self._session.wait_until_loaded()
        due = time.perf_counter()
        for key in trace.keys:
            due = max(due, time.perf_counter() - self._pace_ms / 1000)  # a late key delays others
            await self._press(key)
            due += self._wait_s(key)
            await self._rest(due)
        await self._settle()
        await self._session.poll()
        return self.played

    def _wait_s(self, key: Key) -> float:
        """Return the seconds from a key to the next one."""
        if self._pace_ms == 0 or isinstance(key, SwitchDocument):
            return 0.0
        return (key.ms if isinstance(key, Pause) else self._pace_ms) / 1000

    async def _rest(self, due: float) -> None:
        """Wait until the next key is due, or for the answer if there is no pace."""
        if self._pace_ms == 0:
            await self._settle()
        quiet = self._live is None or self._live.reply is not None
        if self._unpolled >= (_POLL_AFTER if quiet else _POLL_LATEST):
            self._unpolled = 0
            await self._session.poll()
        await asyncio.sleep(max(0.0, due - time.perf_counter()))

    async def _settle(self) -> None:
        """Wait until no request is open or planned."""
        if self._asking is not None:
            await self._asking
        if self._answers:
            _, late = await asyncio.wait(self._answers, timeout=_ANSWER_WITHIN_S)
            self._lost |= late
            self._answers -= late

    async def _press(self, key: Key) -> None:
        pressed = time.perf_counter()
        match key:
            case Pause():
                return
            case SwitchDocument(document):
                self._retire(cancel=True)
                self._front.ghost = None
                self._front = self._buffers[document]
            case Move(after):
                self._retire(cancel=self._client.cancels)
                self._front.go_behind(after)
            case Insert(text):
                self._change(self._front.insert(text))
            case Backspace():
                self._change(self._front.backspace())
            case Accept():
                await self._settle()  # a user waits for the suggestion before accepting
                pressed = time.perf_counter()
                if self._front.ghost is None:
                    self.played.nothing_to_accept += 1
                    return
                await self._accept(self._front.ghost)
        if not isinstance(key, Move | SwitchDocument) or self._client.asks_after_move:
            typed_through = isinstance(key, Insert) and self._front.ghost is not None
            self.played.typed_through += typed_through
            self._ask_soon(pressed, typed_through=typed_through)

    async def _accept(self, ghost: Ghost) -> None:
        self.played.accepted += 1
        self._change(self._front.accept())
        if ghost.command is not None:
            await self._session.run(ghost.command["command"], ghost.command.get("arguments") or ())

    def _change(self, change: dict[str, Any]) -> None:
        self.played.keys += 1
        self._session.change(self._front, change)
        if self._client.next_edits:
            if self._proposal is not None:
                self._session.cancel(self._proposal)
            self._proposal, _ = self._session.begin_next_edit(self._front)

    def _ask_soon(self, pressed: float, *, typed_through: bool) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        if self._client.debounce_ms == 0:
            self._ask(pressed, typed_through=typed_through)
        else:
            later = self._ask_later(pressed, typed_through=typed_through)
            self._asking = asyncio.create_task(later)

    async def _ask_later(self, pressed: float, *, typed_through: bool) -> None:
        await asyncio.sleep(self._client.debounce_ms / 1000)
        self._asking = None
        self._ask(pressed, typed_through=typed_through)

    def _ask(self, pressed: float, *, typed_through: bool) -> None:
        self._retire(cancel=self._client.cancels)
        sent = time.perf_counter()
        number, future = self._session.ask(self._front)
        sample = RequestSample(
            number=number, key_at=pressed, sent_at=sent, typed_through=typed_through
        )
        self._live = sample
        self._unpolled += 1
        self.played.samples.append(sample)
        task = asyncio.create_task(self._take(sample, future, self._front))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    def _retire(self, *, cancel: bool) -> None:
        """Mark the newest request as superseded, unless it is answered."""
        sample, self._live = self._live, None
        if sample is None or sample.reply is not None:
            return
        sample.retired = True
        if cancel:
            self._session.cancel(sample.number)

    async def _take(
        self, sample: RequestSample, future: asyncio.Future[Reply], buffer: Buffer
    ) -> None:
        """Wait for the answer, and show it if it still fits."""
        try:
            sample.reply = await future
        except ReplayError:
            return  # the next call to the server raises it again
        if sample.retired and self._client.cancels:
            return
        if not sample.items:
            if self._client.cancels and sample is self._live:
                buffer.ghost = None  # VS Code shows the newest answer; Neovim keeps the ghost text
            return
        item = sample.items[0]
        span = item.get("range")
        start = buffer.place(span["start"]) if span is not None else buffer.cursor
        buffer.offer(Ghost(start, item["insertText"], item.get("command")))
