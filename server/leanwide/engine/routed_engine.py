"""One engine out of several: each lane runs on this machine or at a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

from attrs import evolve, frozen

from leanwide.engine.base import Engine, EngineError, EngineState, EngineStatus, NotLoadedError
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

_URGENCY: Final = (
    EngineState.IDLE,
    EngineState.BUSY,
    EngineState.STARTING,
    EngineState.LOADING,
    EngineState.DEGRADED,
    EngineState.FAILED,
)
"""States, the one that says most about several engines last."""
_HOPEFUL: Final = (EngineState.STARTING, EngineState.LOADING)
"""States in which an engine may yet have a lane that it lacks."""


@frozen(kw_only=True)
class LaneRoute:
    """Where a lane runs."""

    preferred: Engine
    fallback: Engine | None = None
    """Runs it while the preferred engine cannot."""

    def serving(self, lane: str) -> Engine:
        """Return the engine that runs the lane now."""
        lost = self.preferred.model(lane) is None and self.preferred.status.state not in _HOPEFUL
        return self.fallback if lost and self.fallback is not None else self.preferred


class RoutedEngine:
    """An :class:`~leanwide.engine.base.Engine` whose lanes run in different places."""

    def __init__(self, routes: Mapping[str, LaneRoute], first_lane: str) -> None:
        """Prepare.

        Args:
            routes: Where each lane runs, by its name.
            first_lane: The lane that :meth:`start` makes ready.
        """
        self._routes = dict(routes)
        self._first_lane = first_lane
        self._observers: list[Callable[[EngineStatus], None]] = []
        self._begun: list[Engine] = []
        """The engines that were needed so far."""
        self._engines: list[Engine] = []
        for engine in (e for route in routes.values() for e in (route.preferred, route.fallback)):
            if engine is not None and all(engine is not known for known in self._engines):
                self._engines.append(engine)
                engine.observe(self._notify)

    @property
    def status(self) -> EngineStatus:
        """The state of the engine that most is to be said about."""
        found = [engine.status for engine in self._begun]
        most = max(found, key=lambda status: _URGENCY.index(status.state), default=_NOT_STARTED)
        recoveries = sum(status.recoveries for status in found)
        return evolve(most, reason=self._reason(most), recoveries=recoveries)

    def model(self, lane: str) -> ModelInfo | None:
        """Return the model of a lane, if it is loaded."""
        route = self._routes.get(lane)
        return None if route is None else route.serving(lane).model(lane)

    @property
    def lanes(self) -> tuple[LaneInfo, ...]:
        """The lanes opened so far, as the engines that run them now say."""
        return tuple(
            info
            for name, route in self._routes.items()
            for info in route.serving(name).lanes
            if info.name == name
        )

    def observe(self, observer: Callable[[EngineStatus], None]) -> None:
        """Call ``observer`` with every new status."""
        self._observers.append(observer)

    def start(self) -> None:
        """Begin to make the first lane ready, unless it is. Returns at once."""
        self._begin(self._first_lane).start()

    async def ready(self, lane: str) -> ModelInfo:
        """Wait for a lane's model and return it.

        Raises:
            EngineError: It cannot be had, here or there.
        """
        engine = self._begin(lane)
        try:
            return await engine.ready(lane)
        except EngineError:
            other = self._begin(lane)
            if other is engine:
                raise
            return await other.ready(lane)

    async def count(self, lane: str, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, for the model of a lane.

        Raises:
            EngineError: The lane's model is not loaded.
        """
        return await self._route(lane).serving(lane).count(lane, texts)

    async def unread(self, lane: str, prompts: Sequence[Prompt]) -> list[int]:
        """Return how many tokens of each prompt are not in a lane's KV cache.

        Raises:
            EngineError: The lane's model is not loaded.
        """
        return await self._route(lane).serving(lane).unread(lane, prompts)

    async def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        """Stream the answer; the last event is :class:`Finished`.

        Raises:
            EngineError: The engine cannot serve the request, or was lost meanwhile.
        """
        engine = self._begin(request.lane)
        _check_markers(request, engine.model(request.lane))
        async for event in engine.generate(request, cancel, watch):
            yield event

    def close_lane(self, name: str) -> None:
        """Free a lane's memory, unless it is busy; the next request opens it again."""
        if name in self._routes:
            self._routes[name].serving(name).close_lane(name)

    async def memory_bytes(self) -> int:
        """Return the memory of all engines on this machine; 0 if unknown."""
        return sum(await asyncio.gather(*(engine.memory_bytes() for engine in self._engines)))

    async def close(self) -> None:
        """Stop all engines."""
        await asyncio.gather(*(engine.close() for engine in self._engines))

    def _route(self, lane: str) -> LaneRoute:
        if lane not in self._routes:
            raise EngineError(f"there is no lane {lane!r}")
        return self._routes[lane]

    def _begin(self, lane: str) -> Engine:
        """Return the engine that runs a lane now; from now on its state is told."""
        engine = self._route(lane).serving(lane)
        if all(engine is not known for known in self._begun):
            self._begun.append(engine)
        return engine

    def _notify(self, _: EngineStatus) -> None:
        for observer in self._observers:
            observer(self.status)

    def _reason(self, status: EngineStatus) -> str:
        """Return the reason of a status, with what serves the lane meanwhile."""
        falls_back = any(
            route.fallback is not None and route.serving(lane) is route.fallback
            for lane, route in self._routes.items()
            if route.preferred.status == status
        )
        if not falls_back or not status.reason:
            return status.reason
        return f"{status.reason}; meanwhile the lane runs on this machine"


_NOT_STARTED: Final = EngineStatus(state=EngineState.STARTING)


def _check_markers(request: Request, model: ModelInfo | None) -> None:
    """Refuse a prompt that was made for the model of another engine, before the lane moved.

    Raises:
        NotLoadedError: Its markers are not those of the lane's model now.
    """
    ids = {piece for piece in request.prompt if isinstance(piece, int)}
    fim = None if model is None else model.fim
    known = set() if fim is None else set(fim.ids)
    if not ids <= known:
        raise NotLoadedError
