"""The server's side of the engine process: starts it, talks to it, starts it again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Final

import psutil
from attrs import evolve, frozen

from leanwide import child
from leanwide.engine import wire
from leanwide.engine.base import (
    CancelToken,
    EngineError,
    EngineSpec,
    EngineState,
    EngineStatus,
    Finished,
    FinishReason,
    LaneInfo,
    ModelInfo,
    NotLoadedError,
    Piece,
    PrefillProgress,
    Prompt,
    Request,
    Watch,
    unwatched,
)
from leanwide.engine.restarts import EngineDeath, FailedStarts

logger = logging.getLogger(__name__)

Event = Piece | PrefillProgress | Finished | list[int] | EngineError


@frozen(kw_only=True)
class EngineTimeouts:
    """How the supervision waits, in seconds."""

    first_restart: float
    """Pause before the first restart; it doubles with every further failure in a row."""
    failures: int
    """So many failures in a row make a long pause."""
    long_pause: float
    hang: float
    """An engine that has work and says nothing for so long is ended."""
    load: float
    """The same for an engine that loads the model: a slow disk may hold everything up."""
    settle: float
    """A model file that is another one has to stay as it is for so long: it may be written yet."""

    def pause_after(self, failures: int) -> float:
        """Give the pause after so many failures in a row."""
        short = failures % self.failures
        return self.first_restart * 2 ** (short - 1) if short else self.long_pause


_SHORT_SPIN: Final = {"GOMP_SPINCOUNT": "1000"}
"""llama.cpp's threads spin a short while for each other and then sleep. Spinning on, which is the
default, takes the cores away from what they wait for as soon as something else runs beside the
editor; sleeping at once halves the speed on a quiet machine (docs/performance.md, threads)."""

PATIENCE: Final = EngineTimeouts(
    first_restart=0.05, failures=5, long_pause=30.0, hang=30.0, load=120.0, settle=0.5
)


_CLOSED: Final = "the engine was closed"


class EngineClient:
    """An :class:`~leanwide.engine.base.Engine` in a process of its own."""

    def __init__(self, spec: EngineSpec, patience: EngineTimeouts = PATIENCE) -> None:
        self._spec = evolve(spec, model_path=spec.model_path.absolute())
        self._patience = patience
        self._status = EngineStatus(state=EngineState.STARTING)
        self._observers: list[Callable[[EngineStatus], None]] = []
        self._model: ModelInfo | None = None
        self._lanes: dict[str, LaneInfo] = {}
        self._process: Process | None = None
        self._supervision: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._pending: dict[int, asyncio.Queue[Event]] = {}
        self._owed: set[int] = set()
        """Requests that the engine has not answered yet, also those nobody waits for any more."""
        self._closed = False
        self._ids = count(1)
        self._failures = 0
        self._recoveries = 0
        self._starts = FailedStarts(self._spec.model_path)
        self._tried: _Identity | None = None
        """The model's file as it was at the last start."""
        self._asked = asyncio.Event()
        """Somebody waits for the model, and not for the end of a pause."""
        self._heard = time.monotonic()

    @property
    def status(self) -> EngineStatus:
        """What the engine is doing now."""
        return self._status

    @property
    def model(self) -> ModelInfo | None:
        """The loaded model; None while there is none."""
        return self._model

    @property
    def lanes(self) -> tuple[LaneInfo, ...]:
        """The lanes opened so far."""
        return tuple(self._lanes.values())

    @property
    def process_id(self) -> int | None:
        """The engine process, for doctor and for tests that kill it."""
        return None if self._process is None else self._process.pid

    def observe(self, observer: Callable[[EngineStatus], None]) -> None:
        """Call ``observer`` with every change of the status."""
        self._observers.append(observer)

    def start(self) -> None:
        """Begin to load the model, unless that is under way or done. Returns at once.

        Where the last start failed for good, the next one waits until the model's file is another.
        """
        if not self._closed and (self._supervision is None or self._supervision.done()):
            self._supervision = asyncio.create_task(self._supervise())

    async def ready(self) -> ModelInfo:
        """Wait until the model is loaded; after a failure, it is tried once more.

        Raises:
            EngineError: The model cannot be loaded.
        """
        if self._model is None:
            self._starts.ask_again()
            self._asked.set()
            self.start()
        while self._model is None:
            if self._closed:
                raise EngineError(_CLOSED)
            if self._starts.verdict:
                raise EngineError(self._starts.verdict)
            self._changed.clear()
            await self._changed.wait()
        return self._model

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Give the number of tokens of each text.

        Raises:
            EngineError: No model is loaded, or the engine died.
        """
        return await self._counts(lambda number: wire.Count(number, list(texts)))

    async def unread(self, lane: str, prompts: Sequence[Prompt]) -> list[int]:
        """Return how many tokens of each prompt are not in a lane's KV cache.

        Raises:
            EngineError: No model is loaded, or the engine died.
        """
        return await self._counts(lambda number: wire.CountUnread(number, lane, list(prompts)))

    async def _counts(self, message: Callable[[int], wire.Count | wire.CountUnread]) -> list[int]:
        """Send a message with the number that it is given, and wait for its counts."""
        with self._conversation() as (number, events):
            self._ask(message(number))
            event = await events.get()
        if isinstance(event, list):
            return event
        raise event if isinstance(event, EngineError) else EngineError("unexpected answer")

    async def generate(
        self, request: Request, cancel: CancelToken, watch: Watch = unwatched
    ) -> AsyncIterator[Piece | Finished]:
        """Stream the answer; ends with exactly one Finished.

        Raises:
            EngineError: The engine cannot serve the request, or died while it did.
        """
        with self._conversation() as (number, events):
            self._set_status(EngineState.BUSY)
            self._ask(wire.Generate(number, request))
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
        """Give a lane's memory back, unless it is at work; the next request opens it again."""
        self._send(wire.Close(name))

    async def memory_bytes(self) -> int:
        """Memory of the engine process, shared pages by their share where the system tells."""
        return 0 if self.process_id is None else await asyncio.to_thread(_memory, self.process_id)

    async def close(self) -> None:
        """End the engine process; whoever waits for it is told."""
        self._closed = True
        if self._supervision is not None:
            self._supervision.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervision
        self._forget(_CLOSED)
        self._changed.set()

    @contextlib.contextmanager
    def _conversation(self) -> Iterator[tuple[int, asyncio.Queue[Event]]]:
        """A number and a queue for one request's answers; once none is left, the engine is idle."""
        if self._model is None:
            raise NotLoadedError
        number, events = next(self._ids), asyncio.Queue[Event]()
        self._pending[number] = events
        try:
            yield number, events
        finally:
            self._pending.pop(number, None)
            if not self._pending and self._status.state is EngineState.BUSY:
                self._set_status(EngineState.IDLE)

    def _cancel(self, number: int) -> None:
        if number in self._pending:
            self._send(wire.Cancel(number))

    def _ask(self, message: wire.Count | wire.CountUnread | wire.Generate) -> None:
        self._send(message)
        if not self._owed:
            self._heard = time.monotonic()
        self._owed.add(message.id)

    def _send(self, message: wire.ToWorker) -> None:
        stdin = self._process.stdin if self._process is not None else None
        if stdin is not None and not stdin.is_closing():
            stdin.write(wire.frame(message))

    def _set_status(self, state: EngineState, reason: str = "", progress: float = 0.0) -> None:
        status = EngineStatus(
            state=state, reason=reason, progress=progress, recoveries=self._recoveries
        )
        if status == self._status:
            return
        self._status = status
        self._changed.set()
        for observer in self._observers:
            observer(status)

    async def _supervise(self) -> None:
        """Run the engine process again and again, with growing pauses between failures.

        Ends where another start would fail as the last one did.
        """
        if self._starts.hopeless and await self._file_is_new():
            self._starts.file_changed()
        while not self._starts.hopeless:
            self._asked.clear()
            self._tried = await asyncio.to_thread(_identity, self._spec.model_path)
            try:
                death = await self._run_process()
            except Exception as error:  # whatever it was, whoever waits must hear of it
                logger.exception("the engine process could not be served")
                death = EngineDeath(code=None, words=(str(error),))
            self._bury(death)
            if not self._starts.hopeless:
                await self._pause()

    def _bury(self, death: EngineDeath | None) -> None:
        """Draw the conclusions from the end of a process; None: it refused the model."""
        if death is not None and self._model is None:
            self._starts.died(death)
        self._failures += 1
        self._forget(self._starts.verdict or "the engine stopped unexpectedly; it starts again")
        if self._starts.hopeless:
            self._set_status(EngineState.FAILED, self._starts.verdict)
        self._changed.set()

    async def _file_is_new(self) -> bool:
        """Whether the model's file is another one than at the last start, and written whole."""
        path = self._spec.model_path
        found = await asyncio.to_thread(_identity, path)
        if found is None or found == self._tried:
            return False
        await asyncio.sleep(self._patience.settle)
        return found == await asyncio.to_thread(_identity, path)

    async def _pause(self) -> None:
        seconds = self._patience.pause_after(self._failures)
        if self._failures % self._patience.failures == 0:
            self._set_status(
                EngineState.DEGRADED,
                f"the engine stopped {self._failures} times in a row; "
                f"next try in {seconds:.0f} s, see the log for the cause",
            )
        else:
            self._set_status(EngineState.STARTING)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), seconds)

    def _forget(self, reason: str) -> None:
        """Nothing that a dead process knew stands any more; whoever waits is told."""
        self._process = None
        self._model = None
        self._lanes.clear()
        self._owed.clear()
        for events in list(self._pending.values()):
            events.put_nowait(EngineError(reason))

    async def _run_process(self) -> EngineDeath | None:
        """Run one engine process to its end; None where it refused the model."""
        self._set_status(EngineState.STARTING)
        command = child.python("-m", "leanwide.engine.process.worker")
        process = await child.start(command, stderr=PIPE, more=_SHORT_SPIN)
        self._process = process
        self._heard = time.monotonic()
        last_words: deque[str] = deque(maxlen=20)
        try:
            async with asyncio.TaskGroup() as tasks:
                watch = tasks.create_task(self._end_when_hung(process))
                tasks.create_task(_keep_lines(process, last_words))
                self._send(wire.StartEngine(self._spec))
                refused = await self._listen(process)
                watch.cancel()
            code = await process.wait()
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if refused:
            return None
        logger.error("engine process ended with code %s: %s", code, " | ".join(last_words))
        return EngineDeath(code=code, words=last_words)

    async def _listen(self, process: Process) -> bool:
        """Handle messages until the process closes its end; tell whether it refused the model."""
        assert process.stdout is not None  # noqa: S101  # asked for with PIPE
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                (size,) = wire.HEADER.unpack(await process.stdout.readexactly(wire.HEADER.size))
                message = wire.decode_to_server(await process.stdout.readexactly(size))
                self._heard = time.monotonic()
                if isinstance(message, wire.LoadRefused):
                    self._starts.refused(message.reason)
                    return True
                self._handle(message)
        return False

    def _handle(self, message: wire.ToServer) -> None:
        match message:
            case wire.Loading():
                self._set_status(EngineState.LOADING, progress=message.share)
            case wire.LaneOpened():
                self._model = message.model
                self._starts.succeeded()
                self._lanes[message.lane.name] = message.lane
                if message.lane.notice:
                    logger.warning("%s", message.lane.notice)
                self._set_status(
                    EngineState.BUSY if self._pending else EngineState.IDLE, message.lane.notice
                )
            case wire.Closed():
                self._lanes.pop(message.lane, None)
            case wire.PromptProgress():
                self._answer(message.id, PrefillProgress(message.tokens, message.of))
            case wire.TextPiece():
                self._answer(message.id, Piece(message.text, message.thought, message.special))
            case wire.Done():
                self._note_served(message)
                self._end(message.id, Finished(message.reason, message.stats))
            case wire.Failed():
                self._end(message.id, EngineError(message.message))
            case wire.Counts():
                self._end(message.id, message.counts)

    def _note_served(self, done: wire.Done) -> None:
        """A request that went through the model ends a row of failures."""
        if done.reason is FinishReason.CANCELLED and not done.stats.tokens_generated:
            return
        if self._failures:
            self._recoveries += 1
        self._failures = 0

    def _end(self, number: int, event: Event) -> None:
        self._owed.discard(number)
        self._answer(number, event)

    def _answer(self, number: int, event: Event) -> None:
        if (events := self._pending.get(number)) is not None:
            events.put_nowait(event)

    async def _end_when_hung(self, process: Process) -> None:
        """End a process that has work and gives no sign of life."""
        while True:
            await asyncio.sleep(self._patience.hang / 10)
            loads = self._model is None
            if loads:
                self._ask(
                    wire.Count(next(self._ids), [])
                )  # answered by a thread that loads nothing
            silent = time.monotonic() - self._heard
            if self._owed and silent > (self._patience.load if loads else self._patience.hang):
                logger.error("engine process is silent for %.0f s: it is ended", silent)
                process.kill()
                return


def _memory(process_id: int) -> int:
    """Proportional set size in bytes, or resident set size where there is none; 0 once it ended."""
    try:
        process = psutil.Process(process_id)
        full = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(full, "pss", full.rss))


_Identity = tuple[int, int, int]


def _identity(path: Path) -> _Identity | None:
    """What tells a file from the one that was there before; None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


async def _keep_lines(process: Process, lines: deque[str]) -> None:
    """Keep the newest lines of stderr: where llama.cpp gives up, they say why."""
    assert process.stderr is not None  # noqa: S101  # asked for with PIPE
    while line := await process.stderr.readline():
        lines.append(line.decode("utf-8", "replace").rstrip())
