"""A fake engine for the tests of its callers: it answers from a queue and records requests."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import takewhile
from pathlib import Path

from attrs import evolve

from leanwide.engine.base import EngineError, EngineState, EngineStatus
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    FinishReason,
    Markup,
    Piece,
    PrefillProgress,
    ProgressCallback,
    Prompt,
    Request,
    Stats,
    ignore_progress,
)
from leanwide.engine.specs import FimTokens, LaneInfo, ModelInfo

Answer = Sequence[str | Piece] | EngineError
"""The pieces of an answer, or an error to raise instead."""

SCRIPTED_MODEL = ModelInfo(
    name="scripted",
    path=Path("scripted.gguf"),
    size_bytes=0,
    experts=8,
    fim=FimTokens(prefix=1, suffix=2, middle=3, file_separator=4),
    chat_template=None,
)


class ScriptedEngine:
    """An :class:`~leanwide.engine.base.Engine` whose answers are queued by the test.

    A token is four characters, rounded up. Without a queued answer, the answer is empty.
    """

    def __init__(
        self, model: ModelInfo = SCRIPTED_MODEL, wide_model: ModelInfo | None = None
    ) -> None:
        """Prepare an engine that is loaded.

        Args:
            model: The model of both lanes.
            wide_model: Another model for the wide lane.
        """
        self.requests: list[Request] = []
        """Every request, oldest first."""
        self.cancelled: list[Request] = []
        """The cancelled requests."""
        self.counted: set[str] = set()
        """The lanes for whose model tokens were counted."""
        self.closed: list[str] = []
        """The lanes that were closed."""
        self.nats: Callable[[str], float] = len
        """Returns the negative log probability of a request's truth."""
        self._answers: deque[Answer] = deque()
        self._models = {"lean": model, "wide": wide_model or model}
        self._running = asyncio.Event()
        self._running.set()

    def enqueue(self, *answers: Answer) -> None:
        """Queue answers, one for each future request."""
        self._answers.extend(answers)

    def pause(self) -> None:
        """Pause every generation before its next piece."""
        self._running.clear()

    def resume(self) -> None:
        """Resume the generations."""
        self._running.set()

    @property
    def status(self) -> EngineStatus:
        """Always idle."""
        return EngineStatus(state=EngineState.IDLE)

    def model(self, lane: str) -> ModelInfo | None:
        """Return a model passed to the constructor."""
        return self._models.get(lane)

    @property
    def lanes(self) -> tuple[LaneInfo, ...]:
        """A lean and a wide one."""
        return _lane("lean", experts=2, tokens=4096), _lane("wide", experts=4, tokens=4096)

    def observe(self, observer: Callable[[EngineStatus], None]) -> None:
        """Do nothing: the status never changes."""

    def start(self) -> None:
        """Do nothing: there is nothing to load."""

    async def ready(self, lane: str) -> ModelInfo:
        """Return the lane's model."""
        return self._models[lane]

    async def count(self, lane: str, texts: Sequence[str]) -> list[int]:
        """Return a token for every four characters."""
        self.counted.add(lane)
        return [-(-len(text) // 4) for text in texts]

    async def unread(self, lane: str, prompts: Sequence[Prompt]) -> list[int]:
        """Return the tokens after the longest prefix of an earlier request."""
        return [self._unread(lane, prompt) for prompt in prompts]

    def _unread(self, lane: str, prompt: Prompt) -> int:
        characters = _characters(prompt)
        earlier = (_characters(request.prompt) for request in self.requests if request.lane == lane)
        read = max((_common_prefix(other, characters) for other in earlier), default=0)
        return -(-(len(characters) - read) // 4)

    async def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        """Stream the next queued answer; prefill takes two steps."""
        self.requests.append(request)
        answer = self._answers.popleft() if self._answers else ()
        if isinstance(answer, EngineError):
            raise answer
        watch(PrefillProgress(1, 2))
        generated, reason = 0, FinishReason.END
        for piece in answer:
            await self._turn(cancel)
            if cancel.cancelled:
                break
            generated += 1
            yield Piece(piece) if isinstance(piece, str) else piece
        await self._turn(cancel)
        if cancel.cancelled:
            self.cancelled.append(request)
            reason = FinishReason.CANCELLED
        stats = Stats(
            lane=request.lane,
            experts=2,
            tokens_evaluated=1,
            tokens_generated=generated,
            prompt_ms=1.0,
            decode_ms=1.0,
        )
        if request.truth:
            nats, tokens = self.nats(request.truth), -(-len(request.truth) // 4)
            stats = evolve(stats, truth_tokens=tokens, truth_nats=nats)
        yield Finished(reason, stats)

    async def _turn(self, cancel: CancelToken) -> None:
        """Yield to the event loop, then wait until resumed or cancelled. Tests override it."""
        await asyncio.sleep(0)
        cancel.on_cancel(self._running.set)
        await self._running.wait()

    def close_lane(self, name: str) -> None:
        """Record the name."""
        self.closed.append(name)

    async def memory_bytes(self) -> int:
        """Return 0: there is no model."""
        return 0

    async def close(self) -> None:
        """Do nothing."""


def _lane(name: str, experts: int, tokens: int) -> LaneInfo:
    return LaneInfo(
        name=name, experts=experts, context_tokens=tokens, load_ms=0.0, notice="", sequences=6
    )


def _characters(prompt: Prompt) -> list[str | int]:
    """Return a prompt as the characters of its texts and the ids of its tokens."""
    pieces = (piece.text if isinstance(piece, Markup) else piece for piece in prompt)
    return [unit for piece in pieces for unit in ([piece] if isinstance(piece, int) else piece)]


def _common_prefix(left: Sequence[str | int], right: Sequence[str | int]) -> int:
    pairs = zip(left, right, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
