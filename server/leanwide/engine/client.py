"""The engine in a process of its own: requests, answers, and restarts when the process ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from itertools import count
from typing import Final

from attrs import evolve

from leanwide.engine import wire
from leanwide.engine.base import EngineError, EngineState, EngineStatus, NotLoadedError, finish
from leanwide.engine.child_process import (
    EngineConnection,
    EngineProcess,
    OwnProcess,
    memory_of,
)
from leanwide.engine.model_file import ModelFile
from leanwide.engine.observed_status import ObservedStatus
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    FinishReason,
    Piece,
    PrefillProgress,
    Priority,
    ProgressCallback,
    Prompt,
    Request,
    ignore_progress,
)
from leanwide.engine.restarts import EngineDeath, FailedStarts
from leanwide.engine.specs import LaneInfo, ModelInfo, ModelSpec
from leanwide.engine.timeouts import DEFAULT_TIMEOUTS, EngineTimeouts

logger = logging.getLogger(__name__)

Event = Piece | PrefillProgress | Finished | list[int] | EngineError


_CLOSED: Final = "the engine was closed"

Connect = Callable[[Sequence[ModelSpec]], Awaitable[EngineConnection]]
"""Connects to an engine process for some models, which it starts where there is none. Raises
OSError where that is not possible."""


async def own_process(_: Sequence[ModelSpec]) -> EngineConnection:
    """Start a process for one client alone."""
    return await OwnProcess.start()


class EngineClient:
    """An :class:`~leanwide.engine.base.Engine` in another process."""

    def __init__(
        self,
        models: Sequence[ModelSpec],
        timeouts: EngineTimeouts = DEFAULT_TIMEOUTS,
        connect: Connect = own_process,
    ) -> None:
        self._specs = tuple(evolve(spec, model_path=spec.model_path.absolute()) for spec in models)
        self._file = ModelFile(self._specs[0].model_path)
        """Of the first model: without it, nothing is served."""
        self._timeouts = timeouts
        self._connect = connect
        self._status = ObservedStatus()
        self._models: dict[str, ModelInfo] = {}
        """The loaded models, by lane."""
        self._lanes: dict[str, LaneInfo] = {}
        self._process: EngineProcess | None = None
        self._supervision: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._status.observe(lambda _: self._changed.set())
        self._pending: dict[int, asyncio.Queue[Event]] = {}
        self._closed = False
        self._ids = count(1)
        self._failures = 0
        self._starts = FailedStarts(self._file.path)
        self._retry_now = asyncio.Event()
        """A caller waits for the model: the pause before the next start ends."""

    @property
    def status(self) -> EngineStatus:
        """The current state."""
        return self._status.current

    def model(self, lane: str) -> ModelInfo | None:
        """Return the model of a lane, if it is loaded."""
        return self._models.get(lane)

    @property
    def lanes(self) -> tuple[LaneInfo, ...]:
        """The lanes opened so far."""
        return tuple(self._lanes.values())

    @property
    def process_id(self) -> int | None:
        """The id of the engine process, if any."""
        return None if self._process is None else self._process.id

    def observe(self, observer: Callable[[EngineStatus], None]) -> None:
        """Call ``observer`` with every new status."""
        self._status.observe(observer)

    def start(self) -> None:
        """Begin to load the first lane's model, unless it is there. Returns at once.

        Where loading failed for good, does nothing until the model file changes.
        """
        if not self._closed and (self._supervision is None or self._supervision.done()):
            self._supervision = asyncio.create_task(self._supervise())

    async def ready(self, lane: str) -> ModelInfo:
        """Wait for a lane's model and return it; after a failure, load it once more.

        Raises:
            EngineError: The model cannot be loaded.
        """
        if not self._models:
            self._starts.allow_another()
            self._retry_now.set()
            self.start()
        while not self._models:
            if self._closed:
                raise EngineError(_CLOSED)
            if self._starts.failure:
                raise EngineError(self._starts.failure)
            self._changed.clear()
            await self._changed.wait()
        if lane not in self._models:
            # It opens the lane and evaluates nothing.
            opening = Request(
                lane=lane, prompt=(), priority=Priority.COMMAND, max_tokens=0, deadline_ms=1.0
            )
            await finish(self, opening)
        if lane not in self._models:  # the engine died since
            raise NotLoadedError
        return self._models[lane]

    async def count(self, lane: str, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, for the model of a lane.

        Raises:
            EngineError: The model is not loaded, or the engine died.
        """
        return await self._counts(lambda number: wire.Count(number, lane, list(texts)))

    async def unread(self, lane: str, prompts: Sequence[Prompt]) -> list[int]:
        """Return how many tokens of each prompt are not in a lane's KV cache.

        Raises:
            EngineError: No model is loaded, or the engine died.
        """
        return await self._counts(lambda number: wire.CountUnread(number, lane, list(prompts)))

    async def _counts(self, message: Callable[[int], wire.Count | wire.CountUnread]) -> list[int]:
        """Send the message for a request id and wait for its counts."""
        with self._conversation() as (process, number, events):
            process.ask(message(number))
            event = await events.get()
        if isinstance(event, list):
            return event
        raise event if isinstance(event, EngineError) else EngineError("unexpected answer")

    async def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        """Stream the answer; the last event is :class:`Finished`.

        Raises:
            EngineError: The engine cannot serve the request, or died meanwhile.
        """
        with self._conversation() as (process, number, events):
            self._status.set(EngineState.BUSY)
            process.ask(wire.Generate(number, request))
            cancel.on_cancel(lambda: self._cancel(number))
            try:
                while True:
                    event = await events.get()
                    if isinstance(event, EngineError):
                        raise event
                    if isinstance(event, PrefillProgress):
                        watch(event)
                    elif not isinstance(event, list):
                        yield event
                    if isinstance(event, Finished):
                        return
            finally:
                self._cancel(number)

    def close_lane(self, name: str) -> None:
        """Free a lane's memory, unless it is busy; the next request opens it again."""
        if self._process is not None:
            self._process.send(wire.Close(name))

    async def memory_bytes(self) -> int:
        """Return the memory of the engine process; shared pages count in part, if known."""
        process = self._process
        return 0 if process is None else await asyncio.to_thread(memory_of, process.id)

    async def close(self) -> None:
        """Stop the engine process; requests that wait for it fail."""
        self._closed = True
        if self._supervision is not None:
            self._supervision.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervision
        self._forget_process(_CLOSED)
        self._changed.set()

    @contextlib.contextmanager
    def _conversation(self) -> Iterator[tuple[EngineProcess, int, asyncio.Queue[Event]]]:
        """Yield the process, an id for a request and the queue of its answers.

        When the last request ends, the engine is idle.
        """
        if not self._models or self._process is None:
            raise NotLoadedError
        number, events = next(self._ids), asyncio.Queue[Event]()
        self._pending[number] = events
        try:
            yield self._process, number, events
        finally:
            self._pending.pop(number, None)
            if not self._pending and self._status.current.state is EngineState.BUSY:
                self._status.set(EngineState.IDLE)

    def _cancel(self, number: int) -> None:
        if number in self._pending and self._process is not None:
            self._process.send(wire.Cancel(number))

    async def _supervise(self) -> None:
        """Run engine processes one after the other, with growing pauses between failures.

        Returns where another start would fail as the last one did.
        """
        if self._starts.hopeless and await self._file.changed(self._timeouts.settle):
            self._starts.file_changed()
        while not self._starts.hopeless:
            self._retry_now.clear()
            await self._file.note_start()
            try:
                self._status.set(EngineState.STARTING)
                connection = await self._connect(self._specs)
                self._process = EngineProcess(connection, self._timeouts.silence)
                death = await self._process.run(self._specs, self._handle)
            except Exception as error:  # callers that wait must learn of any failure
                logger.exception("the engine process could not be served")
                death = EngineDeath(code=None, last_lines=(str(error),))
            self._record_end(death)
            if not self._starts.hopeless:
                await self._pause()

    def _record_end(self, death: EngineDeath | None) -> None:
        """Update the state after the end of a process; None: it refused the model."""
        if death is not None and not self._models:
            self._starts.died(death)
        self._failures += 1
        failure = self._starts.failure
        self._forget_process(failure or "the engine stopped unexpectedly; it starts again")
        if self._starts.hopeless:
            self._status.set(EngineState.FAILED, failure)
        self._changed.set()

    async def _pause(self) -> None:
        seconds = self._timeouts.pause_after(self._failures)
        if self._failures % self._timeouts.failures == 0:
            self._status.set(
                EngineState.DEGRADED,
                f"the engine stopped {self._failures} times in a row; "
                f"next try in {seconds:.0f} s, see the log for the cause",
            )
        else:
            self._status.set(EngineState.STARTING)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._retry_now.wait(), seconds)

    def _forget_process(self, reason: str) -> None:
        """Drop everything that a dead process held; its pending requests fail with ``reason``."""
        self._process = None
        self._models.clear()
        self._lanes.clear()
        for events in list(self._pending.values()):
            events.put_nowait(EngineError(reason))

    def _handle(self, message: wire.ToServer) -> None:
        match message:
            case wire.LoadRefused():
                self._starts.refused(message.reason)
            case wire.Loading():
                self._status.set(EngineState.LOADING, progress=message.share)
            case wire.LaneOpened():
                self._starts.succeeded()
                self._open_lane(message)
            case wire.Closed():
                self._lanes.pop(message.lane, None)
            case wire.Description():
                pass  # it was the answer to the connection
            case _:
                if isinstance(message, wire.Done):
                    self._record_served(message)
                events, event = self._pending.get(message.id), _event(message)
                if events is not None and event is not None:
                    events.put_nowait(event)

    def _open_lane(self, opened: wire.LaneOpened) -> None:
        """Remember an opened lane with its model, and tell the observers."""
        lane, models = opened.lane, dict(self._same_model(opened))
        other_model = any(self._models.get(name) is not model for name, model in models.items())
        self._models.update(models)
        self._lanes[lane.name] = lane
        if lane.notice:
            logger.warning("%s", lane.notice)
        before = self._status.current
        self._status.set(EngineState.BUSY if self._pending else EngineState.IDLE, lane.notice)
        if other_model and self._status.current is before:
            self._status.tell()

    def _same_model(self, opened: wire.LaneOpened) -> Iterator[tuple[str, ModelInfo]]:
        """Yield every lane of the model of an opened one, with that model.

        It stays the same object while one process has it: what was learned of it is still true.
        """
        for spec in self._specs:
            names = [lane.name for lane in spec.lanes]
            if opened.lane.name in names:
                known = self._models.get(opened.lane.name)
                model = known if known == opened.model else opened.model
                yield from ((name, model) for name in names)

    def _record_served(self, done: wire.Done) -> None:
        """Reset the failures in a row, unless the request was cancelled before it generated."""
        if done.reason is FinishReason.CANCELLED and not done.stats.tokens_generated:
            return
        if self._failures:
            self._status.recoveries += 1
        self._failures = 0


def _event(reply: wire.Reply) -> Event | None:
    """Return the event for the caller of a request; None for a heartbeat."""
    match reply:
        case wire.PromptProgress():
            return PrefillProgress(reply.tokens, reply.of)
        case wire.TextPiece():
            return Piece(reply.text, reply.thought, reply.special)
        case wire.Done():
            return Finished(reply.reason, reply.stats)
        case wire.Failed():
            return EngineError(reply.message)
        case wire.Counts():
            return reply.counts
        case wire.Heartbeat():
            return None
