"""The engine's models, each with its lanes. The first one is loaded at the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final

from leanwide.engine.base import EngineError
from leanwide.engine.process.lane import Lane
from leanwide.engine.process.lanes import Lanes
from leanwide.engine.requests import Priority
from leanwide.engine.specs import LaneInfo, ModelSpec

_POLL_S: Final = 0.02
"""Most seconds that other jobs wait while a model loads."""


class Models:
    """Finds the lanes of each model; a model is read when one of its lanes is first needed."""

    def __init__(
        self,
        specs: Sequence[ModelSpec],
        progress: Callable[[float], None],
        on_close: Callable[[str], None],
    ) -> None:
        """Read the first model's header.

        Args:
            specs: The models.
            progress: Called with the share of a model's weights loaded so far, 0 to 1.
            on_close: Called with the name of each closed lane.

        Raises:
            EngineError: The first model's file is missing, damaged or not a model.
        """
        self._specs = {lane.name: spec for spec in specs for lane in spec.lanes}
        self._progress = progress
        self._on_close = on_close
        self._lanes: dict[str, Lanes] = {}
        self._loads: dict[str, Future[None]] = {}
        """The last load of each lane's model; it goes on when its request is cancelled."""
        self._loader = ThreadPoolExecutor(1, "model")
        self.lanes_with(specs[0].lanes[0].name)

    def loaded(self, lane: str) -> Lanes | None:
        """Return the lanes of a lane's model if it can tokenize; for any thread."""
        lanes = self._lanes.get(lane)
        return lanes if lanes is not None and lanes.model is not None else None

    def lanes_with(self, lane: str) -> Lanes:
        """Return the lanes of the model that ``lane`` runs.

        Raises:
            EngineError: There is no such lane, or the file is not a model.
        """
        if lane not in self._lanes:
            spec = self._specs.get(lane)
            if spec is None:
                raise EngineError(f"there is no lane {lane!r}")
            lanes = Lanes(spec, self._progress, self._on_close)
            self._lanes.update((each.name, lanes) for each in spec.lanes)
        return self._lanes[lane]

    def load(self, lane: str) -> Iterator[None]:
        """Load a lane's model in another thread; yields until that is done.

        Raises:
            EngineError: It cannot be loaded.
        """
        lanes = self.lanes_with(lane)
        if lanes.has_weights:
            return
        loading = self._loads.get(lane)
        if loading is None or loading.done():
            loading = self._loads[lane] = self._loader.submit(lanes.load_weights, lane)
        while not loading.done():
            wait((loading,), _POLL_S)
            yield
        loading.result()

    def open(self, lane: str, priority: Priority) -> tuple[Lane, LaneInfo]:
        """Return a lane for a request of ``priority``; open it if needed.

        Raises:
            EngineError: There is no such lane, or it cannot be opened.
        """
        return self.lanes_with(lane).lane(lane, priority)

    def has_free_sequence(self, lane: str) -> bool:
        """Whether a lane has a sequence for another prompt, or may have when it is open."""
        lanes = self._lanes.get(lane)
        return lanes is None or lanes.has_free_sequence(lane)

    def close(self, lane: str) -> None:
        """Free a lane's memory, unless it is busy."""
        if lane in self._lanes:
            self._lanes[lane].close(lane)
