"""The engine for tests of what stands above it: answers from a queue, remembers requests."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import takewhile
from pathlib import Path

from leanwide.engine.base import (
    CancelToken,
    EngineError,
    EngineState,
    EngineStatus,
    FimTokens,
    Finished,
    FinishReason,
    LaneInfo,
    Markup,
    ModelInfo,
    Piece,
    PrefillProgress,
    Prompt,
    Request,
    Stats,
    Watch,
    unwatched,
)

Answer = Sequence[str | Piece] | EngineError
"""The pieces of an answer, or the failure in its place."""

SCRIPTED_MODEL = ModelInfo(
    name="scripted",
    architecture="scripted",
    path=Path("scripted.gguf"),
    size_bytes=0,
    layers=1,
    experts=8,
    trained_experts=4,
    trained_context_tokens=4096,
    fim=FimTokens(prefix=1, suffix=2, middle=3, file_separator=4),
    chat_template=None,
)


class ScriptedEngine:
    """An :class:`~leanwide.engine.base.Engine` that does what it is told.

    A token is a run of four characters, rounded up. Without a queued answer it says nothing.
    """

    def __init__(self, model: ModelInfo = SCRIPTED_MODEL) -> None:
        self.requests: list[Request] = []
        """Every request, oldest first."""
        self.cancelled: list[Request] = []
        """The requests that were given up."""
        self.closed: list[str] = []
        """The lanes that were to give their memory back."""
        self._answers: deque[Answer] = deque()
        self._model = model
        self._going = asyncio.Event()
        self._going.set()

    def enqueue(self, *answers: Answer) -> None:
        """Say these, one for each request to come."""
        self._answers.extend(answers)

    def pause(self) -> None:
        """Let every generation wait before its next piece."""
        self._going.clear()

    def resume(self) -> None:
        """Let them go on."""
        self._going.set()

    @property
    def status(self) -> EngineStatus:
        """Always idle."""
        return EngineStatus(state=EngineState.IDLE)

    @property
    def model(self) -> ModelInfo | None:
        """The model it was made with."""
        return self._model

    @property
    def lanes(self) -> tuple[LaneInfo, ...]:
        """A lean and a wide one."""
        return _lane("lean", experts=2, tokens=4096), _lane("wide", experts=4, tokens=4096)

    def observe(self, observer: Callable[[EngineStatus], None]) -> None:
        """Nothing ever changes."""

    def start(self) -> None:
        """There is nothing to load."""

    async def ready(self) -> ModelInfo:
        """Give the model at once."""
        return self._model

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Count four characters as a token."""
        return [-(-len(text) // 4) for text in texts]

    async def unread(self, lane: str, prompts: Sequence[Prompt]) -> list[int]:
        """Count what no request before has begun with."""
        return [self._unread(lane, prompt) for prompt in prompts]

    def _unread(self, lane: str, prompt: Prompt) -> int:
        characters = _characters(prompt)
        before = (_characters(one.prompt) for one in self.requests if one.lane == lane)
        read = max((_shared(one, characters) for one in before), default=0)
        return -(-(len(characters) - read) // 4)

    async def generate(
        self, request: Request, cancel: CancelToken, watch: Watch = unwatched
    ) -> AsyncIterator[Piece | Finished]:
        """Stream the next queued answer; the prompt is read in two steps."""
        self.requests.append(request)
        answer = self._answers.popleft() if self._answers else ()
        if isinstance(answer, EngineError):
            raise answer
        watch(PrefillProgress(1, 2))
        said, reason = 0, FinishReason.END
        for piece in answer:
            await self._turn(cancel)
            if cancel.cancelled:
                break
            said += 1
            yield Piece(piece) if isinstance(piece, str) else piece
        await self._turn(cancel)
        if cancel.cancelled:
            self.cancelled.append(request)
            reason = FinishReason.CANCELLED
        yield Finished(reason, _stats(request, said))

    async def _turn(self, cancel: CancelToken) -> None:
        """Wait while paused, unless the request is given up."""
        await asyncio.sleep(0)
        cancel.on_cancel(self._going.set)
        await self._going.wait()

    def close_lane(self, name: str) -> None:
        """Remember the wish."""
        self.closed.append(name)

    async def memory_bytes(self) -> int:
        """There is no model, so there is no memory."""
        return 0

    async def close(self) -> None:
        """There is nothing to end."""


def _lane(name: str, experts: int, tokens: int) -> LaneInfo:
    return LaneInfo(
        name=name, experts=experts, context_tokens=tokens, load_ms=0.0, notice="", sequences=6
    )


def _characters(prompt: Prompt) -> list[str | int]:
    """Spell a prompt: texts by their characters, tokens by their numbers."""
    texts = (piece.text if isinstance(piece, Markup) else piece for piece in prompt)
    return [one for text in texts for one in ([text] if isinstance(text, int) else text)]


def _shared(left: Sequence[str | int], right: Sequence[str | int]) -> int:
    pairs = zip(left, right, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _stats(request: Request, generated: int) -> Stats:
    return Stats(
        lane=request.lane,
        experts=2,
        tokens_evaluated=1,
        tokens_reused=0,
        tokens_generated=generated,
        queue_ms=0.0,
        prompt_ms=1.0,
        decode_ms=1.0,
    )
