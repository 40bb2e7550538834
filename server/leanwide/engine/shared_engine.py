"""One engine for several sessions, each with its own view.

A view that closes ends its own work only. The engine ends with the server process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from leanwide.engine.base import Engine, EngineError, EngineStatus
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    Piece,
    ProgressCallback,
    Prompt,
    Request,
    ignore_progress,
)
from leanwide.engine.specs import LaneInfo, ModelInfo

logger = logging.getLogger(__name__)

_CLOSED: Final = "the session has ended"


class SharedEngine:
    """Makes views of one engine and passes its status on to them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._views: set[EngineView] = set()
        engine.observe(self._notify)

    def view(self) -> EngineView:
        """Return a new view, for one session."""
        view = EngineView(self._engine, self)
        self._views.add(view)
        return view

    def close_lane(self, name: str) -> None:
        """Free a lane's memory, unless a view still needs the lane."""
        if not any(name in view.needed for view in self._views):
            self._engine.close_lane(name)

    def leave(self, view: EngineView) -> None:
        """Drop a closed view."""
        self._views.discard(view)

    async def close(self) -> None:
        """Close all views and the engine."""
        for view in list(self._views):
            await view.close()
        await self._engine.close()

    def _notify(self, status: EngineStatus) -> None:
        for view in list(self._views):
            view.notify(status)


class EngineView:
    """The :class:`~leanwide.engine.base.Engine` of one session, on an engine shared with others."""

    def __init__(self, engine: Engine, shared: SharedEngine) -> None:
        self._engine = engine
        self._shared = shared
        self._observers: list[Callable[[EngineStatus], None]] = []
        self._waits: set[asyncio.Timeout] = set()
        """The session's waits for the engine; each can be ended."""
        self._used = False
        self._closed = False
        self.needed: set[str] = set()
        """Lanes that this session used and has not closed since."""

    @property
    def status(self) -> EngineStatus:
        """The current state, whichever session causes it."""
        return self._engine.status

    def model(self, lane: str) -> ModelInfo | None:
        """Return the model of a lane, if it is loaded."""
        return self._engine.model(lane)

    @property
    def lanes(self) -> tuple[LaneInfo, ...]:
        """The lanes opened so far."""
        return self._engine.lanes

    def observe(self, observer: Callable[[EngineStatus], None]) -> None:
        """Call ``observer`` with every new status, once this session uses the engine."""
        self._observers.append(observer)

    def notify(self, status: EngineStatus) -> None:
        """Pass a new status on, unless this session has not used the engine yet.

        A session that is not initialized must send nothing to its client.
        """
        if not self._used:
            return
        for observer in self._observers:
            try:
                observer(status)
            except Exception:  # must not fail the engine or another session
                logger.exception("a session could not be told of the engine's status")

    def start(self) -> None:
        """Begin to load the first lane's model, unless it is there. Returns at once."""
        if not self._closed:
            self._engine.start()
            self._mark_used()

    async def ready(self, lane: str) -> ModelInfo:
        """Wait for a lane's model and return it.

        Raises:
            EngineError: The model cannot be loaded, or the session ended.
        """
        async with self._while_open():
            return await self._engine.ready(lane)

    async def count(self, lane: str, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, for the model of a lane.

        Raises:
            EngineError: No model is loaded, the engine died, or the session ended.
        """
        async with self._while_open():
            return await self._engine.count(lane, texts)

    async def unread(self, lane: str, prompts: Sequence[Prompt]) -> list[int]:
        """Return how many tokens of each prompt are not in a lane's KV cache.

        Raises:
            EngineError: No model is loaded, the engine died, or the session ended.
        """
        async with self._while_open():
            return await self._engine.unread(lane, prompts)

    async def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        """Stream the answer; the last event is :class:`Finished`.

        Raises:
            EngineError: The engine cannot serve the request, or died, or the session ended.
        """
        self.needed.add(request.lane)
        events = self._engine.generate(request, cancel, watch)
        finished = False
        # One block per event: a block around the loop would cancel the consumer, not the stream.
        while not finished:
            async with self._while_open():
                event = await anext(events)
            finished = isinstance(event, Finished)
            yield event

    def close_lane(self, name: str) -> None:
        """Release a lane; the last session that releases it closes it."""
        self.needed.discard(name)
        self._shared.close_lane(name)

    async def memory_bytes(self) -> int:
        """Return the engine's memory, for all sessions."""
        return await self._engine.memory_bytes()

    async def close(self) -> None:
        """End this session's work; calls that wait for the engine fail."""
        self._closed = True
        self._observers.clear()
        self._shared.leave(self)
        while self._waits:
            self._waits.pop().reschedule(0.0)

    def _mark_used(self) -> None:
        """At the first use, start to pass statuses on, beginning with the current one."""
        if not self._used:
            self._used = True
            self.notify(self._engine.status)

    @contextlib.asynccontextmanager
    async def _while_open(self) -> AsyncIterator[None]:
        """Use the engine in a block that is cancelled when the view closes.

        Raises:
            EngineError: The view is closed.
        """
        if self._closed:
            raise EngineError(_CLOSED)
        self._mark_used()
        wait = asyncio.timeout(None)
        try:
            async with wait:
                self._waits.add(wait)
                yield
        except TimeoutError:
            if not wait.expired():
                raise
            raise EngineError(_CLOSED) from None
        finally:
            self._waits.discard(wait)
