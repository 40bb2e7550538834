"""What an engine is to everything else: lanes that generate, whatever runs them."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from attrs import frozen

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


class EngineError(Exception):
    """The engine cannot serve a request; the message is one sentence for the user."""


class NotLoadedError(EngineError):
    """No model is loaded now: it is loading, or the engine is restarting."""

    def __init__(self) -> None:
        super().__init__("no model is loaded")


class EngineState(enum.StrEnum):
    """The engine's state, in the words of the ``leanwide/status`` notification."""

    STARTING = "starting"
    LOADING = "loading"
    IDLE = "idle"
    BUSY = "busy"
    DEGRADED = "degraded"
    FAILED = "failed"


@frozen(kw_only=True)
class EngineStatus:
    """The engine's state."""

    state: EngineState
    reason: str = ""
    """One sentence about the state, or empty."""
    progress: float = 0.0
    """Share of the model loaded so far, 0 to 1, while loading."""
    recoveries: int = 0
    """How often the engine served a request again after failures."""


class Engine(Protocol):
    """Lanes on one model or several. Every generation ends with exactly one :class:`Finished`."""

    @property
    def status(self) -> EngineStatus:
        """The current state."""

    def model(self, lane: str) -> ModelInfo | None:
        """Return the model of a lane, if it is loaded."""

    @property
    def lanes(self) -> tuple[LaneInfo, ...]:
        """The lanes opened so far."""

    def observe(self, observer: Callable[[EngineStatus], None]) -> None:
        """Call ``observer`` with every new status, and when a lane has another model."""

    def start(self) -> None:
        """Begin to load the first lane's model, unless it is there. Returns at once.

        Where loading failed for good, does nothing until the model file changes.
        """

    async def ready(self, lane: str) -> ModelInfo:
        """Wait for a lane's model and return it; after a failure, load it once more.

        Raises:
            EngineError: The model cannot be loaded.
        """

    async def count(self, lane: str, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, for the model of a lane.

        Raises:
            EngineError: No model is loaded.
        """

    async def unread(self, lane: str, prompts: Sequence[Prompt]) -> list[int]:
        """Return how many tokens of each prompt are not in a lane's KV cache.

        Raises:
            EngineError: No model is loaded.
        """

    def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        """Stream the answer; ``watch`` is called during prefill.

        Raises:
            EngineError: The engine cannot serve the request, or died meanwhile.
        """

    def close_lane(self, name: str) -> None:
        """Free a lane's memory, unless it is busy; the next request opens it again."""

    async def memory_bytes(self) -> int:
        """Return the engine's memory, shared pages divided by their users; 0 if unknown."""

    async def close(self) -> None:
        """Stop the engine and everything it runs."""


async def finish(engine: Engine, request: Request, cancel: CancelToken | None = None) -> Finished:
    """Run a request to its end and drop its text.

    Raises:
        EngineError: The engine cannot serve the request, or died meanwhile.
    """
    end: Finished | None = None
    async for event in engine.generate(request, cancel or CancelToken()):
        if isinstance(event, Finished):
            end = event
    if end is None:
        raise EngineError("the engine ended without an answer")
    return end
