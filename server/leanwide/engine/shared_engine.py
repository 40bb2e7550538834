"""One engine for several sessions: each works through a view of its own.

A view that closes ends its own work and leaves the engine to the others. The engine ends with the
process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from leanwide.engine.base import (
    CancelToken,
    Engine,
    EngineError,
    EngineStatus,
    Finished,
    LaneInfo,
    ModelInfo,
    Piece,
    Prompt,
    Request,
    Watch,
    unwatched,
)

logger = logging.getLogger(__name__)

_CLOSED: Final = "the session has ended"


class SharedEngine:
    """Hands out views of one engine, and is told of its changes once for all."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._views: set[EngineView] = set()
        engine.observe(self._tell)

    def view(self) -> EngineView:
        """Return a session's view of the engine."""
        view = EngineView(self._engine, self)
        self._views.add(view)
        return view

    def close_lane(self, name: str) -> None:
        """Give a lane's memory back, unless a view still needs the lane."""
        if not any(name in view.needed for view in self._views):
            self._engine.close_lane(name)

    def leave(self, view: EngineView) -> None:
        """Forget a view that closed."""
        self._views.discard(view)

    async def close(self) -> None:
        """End the engine, and everything that works with it."""
        for view in list(self._views):
            await view.close()
        await self._engine.close()

    def _tell(self, status: EngineStatus) -> None:
        for view in list(self._views):
            view.tell(status)


class EngineView:
    """A session's :class:`~leanwide.engine.base.Engine` on an engine that others use too."""

    def __init__(self, engine: Engine, shared: SharedEngine) -> None:
        self._engine = engine
        self._shared = shared
        self._observers: list[Callable[[EngineStatus], None]] = []
        self._waits: set[asyncio.Timeout] = set()
        """What waits for the engine, each in a block that can be ended."""
        self._begun = False
        self._closed = False
        self.needed: set[str] = set()
        """Lanes that were used, and not given back since."""

    @property
    def status(self) -> EngineStatus:
        """What the engine is doing now, for whomever."""
        return self._engine.status

    @property
    def model(self) -> ModelInfo | None:
        """The loaded model; None while there is none."""
        return self._engine.model

    @property
    def lanes(self) -> tuple[LaneInfo, ...]:
        """The lanes opened so far."""
        return self._engine.lanes

    def observe(self, observer: Callable[[EngineStatus], None]) -> None:
        """Call ``observer`` with every change of the status, once the engine is used here."""
        self._observers.append(observer)

    def tell(self, status: EngineStatus) -> None:
        """Pass a change of the status on, unless nothing was asked of the engine here.

        A session that is not initialized can pass nothing on to its client.
        """
        if not self._begun:
            return
        for observer in self._observers:
            try:
                observer(status)
            except Exception:  # a session's failure is not the engine's, nor another session's
                logger.exception("a session could not be told of the engine's status")

    def start(self) -> None:
        """Begin to load the model, unless that is under way or done. Returns at once."""
        if not self._closed:
            self._engine.start()
            self._begin()

    async def ready(self) -> ModelInfo:
        """Wait until the model is loaded.

        Raises:
            EngineError: The model cannot be loaded, or the session ended.
        """
        async with self._while_open():
            self._begin()
            return await self._engine.ready()

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text.

        Raises:
            EngineError: No model is loaded, the engine died, or the session ended.
        """
        async with self._while_open():
            return await self._engine.count(texts)

    async def unread(self, lane: str, prompts: Sequence[Prompt]) -> list[int]:
        """Return how many tokens of each prompt are not in a lane's KV cache.

        Raises:
            EngineError: No model is loaded, the engine died, or the session ended.
        """
        async with self._while_open():
            return await self._engine.unread(lane, prompts)

    async def generate(
        self, request: Request, cancel: CancelToken, watch: Watch = unwatched
    ) -> AsyncIterator[Piece | Finished]:
        """Stream the answer; ends with exactly one Finished.

        Raises:
            EngineError: The engine cannot serve the request, or died, or the session ended.
        """
        self._begin()
        self.needed.add(request.lane)
        events = self._engine.generate(request, cancel, watch)
        finished = False
        # A block for each event: one around the loop would end its reader, not the stream.
        while not finished:
            async with self._while_open():
                event = await anext(events)
            finished = isinstance(event, Finished)
            yield event

    def close_lane(self, name: str) -> None:
        """Say that this session no longer needs a lane; the last one to do so closes it."""
        self.needed.discard(name)
        self._shared.close_lane(name)

    async def memory_bytes(self) -> int:
        """Memory that the engine holds, for all sessions."""
        return await self._engine.memory_bytes()

    async def close(self) -> None:
        """End this session's work; whoever waits for it is told."""
        self._closed = True
        self._observers.clear()
        self._shared.leave(self)
        while self._waits:
            self._waits.pop().reschedule(0.0)

    def _begin(self) -> None:
        """Follow the engine from here on, and say where it stands."""
        if not self._begun:
            self._begun = True
            self.tell(self._engine.status)

    @contextlib.asynccontextmanager
    async def _while_open(self) -> AsyncIterator[None]:
        """Run a block that ends when the view closes.

        Raises:
            EngineError: The view is closed.
        """
        if self._closed:
            raise EngineError(_CLOSED)
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
