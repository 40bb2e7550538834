"""A lane: one resident way to run the weights, and the generations that are under way on it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import Future, wait
from typing import Final

from attrs import evolve, frozen

from leanwide.engine.base import (
    EngineError,
    EngineSpec,
    Finished,
    FinishReason,
    LaneInfo,
    LaneSpec,
    Priority,
    SaveRequest,
    Thinking,
)
from leanwide.engine.process.encoding import Encoded, encode, encode_request
from leanwide.engine.process.generation import GenerationSteps, given_up
from leanwide.engine.process.job import Job, Meter, Step
from leanwide.engine.process.kv import KvCache
from leanwide.engine.process.llama import Model
from leanwide.engine.process.state_saver import StateSaver
from leanwide.engine.process.token_healing import PieceIndex

_LOOK_S: Final = 0.02
"""Seconds between two looks at whether a file is written: nobody waits longer for their step."""


@frozen(kw_only=True)
class LaneOpening:
    """How the opening of a lane went so far."""

    began: float
    """When the weights began to load, in seconds of ``time.monotonic``."""
    notice: str
    """One sentence where the lane differs from what was asked; else empty."""
    predicted_bytes: int
    """Most memory that the lane should take beside the weights."""
    keeper: StateSaver | None = None
    """What outlives the lane on disk; None where nothing does."""


class Lane:
    """A model handle with its expert count, and its KV cache."""

    def __init__(
        self,
        model: Model,
        index: PieceIndex,
        spec: LaneSpec,
        engine: EngineSpec,
        opening: LaneOpening,
    ) -> None:
        """Open the KV cache.

        Raises:
            EngineError: There is not enough memory.
        """
        self._model = model
        self._index = index
        self._limit = spec.context_tokens
        self._under_way: list[Priority] = []
        self._closed = False
        self.asked = -math.inf
        """When a question was last at work here, in seconds of ``time.monotonic``."""
        self.kv = KvCache(model, spec, engine, opening.keeper)
        self.info = LaneInfo(
            name=spec.name,
            experts=model.experts_used,
            context_tokens=spec.context_tokens,
            load_ms=1000 * (time.monotonic() - opening.began),
            notice=opening.notice,
            sequences=spec.sequences,
            predicted_bytes=opening.predicted_bytes,
            measured_bytes=self.kv.buffer_bytes,
        )

    @property
    def model(self) -> Model:
        """The weights that it runs, perhaps shared with another lane."""
        return self._model

    @property
    def busy(self) -> bool:
        """Whether a generation is under way."""
        return bool(self._under_way)

    @property
    def busy_with(self) -> Priority | None:
        """The most urgent generation under way that somebody waits for."""
        waited = [one for one in self._under_way if one is not Priority.BACKGROUND]
        return min(waited, default=None)

    def run(self, job: Job) -> Iterator[Step]:
        """Run a generation; every ``next`` does one bounded step.

        Raises:
            EngineError: The prompt is too long, or llama.cpp failed.
        """
        cancelled, priority = job.cancelled, job.request.priority
        self._under_way.append(priority)
        try:
            yield from self._run(evolve(job, cancelled=lambda: cancelled() or self._closed))
        finally:
            self._under_way.remove(priority)
            if priority is Priority.COMMAND:
                self.asked = time.monotonic()

    def _run(self, job: Job) -> Iterator[Step]:
        if job.cancelled():  # before it touches the KV cache
            yield given_up(job, self._model.experts_used)
            return
        if job.request.keep is not None:
            yield from self._keep(job, job.request.keep)
            return
        encoded = encode_request(self._model, self._index, job.request)
        self._check_length(job, encoded)
        sequence = self.kv.claim(job.request, encoded.tokens)
        try:
            yield from GenerationSteps(self._model, self._index, self.kv, sequence, job).run(
                encoded
            )
        finally:
            sequence.busy = False

    def _keep(self, job: Job, keep: SaveRequest) -> Iterator[Step]:
        """Write what the KV cache holds of a prompt to disk; the last step says that it is there.

        Raises:
            EngineError: It cannot be written.
        """
        writing: Future[None] | None = None
        if job.request.prompt:
            writing = self.kv.keep(keep, encode(self._model, job.request.prompt))
        else:
            self.kv.drop(keep)
        while writing is not None and not writing.done():
            wait((writing,), _LOOK_S)  # a thread writes: nothing is kept waiting for long
            yield None
        if writing is not None and (error := writing.exception()) is not None:
            raise EngineError(f"places are not kept on disk: {error}")
        yield Finished(FinishReason.END, Meter().stats(job, self._model.experts_used))

    def _check_length(self, job: Job, encoded: Encoded) -> None:
        """Check that prompt and answer fit the context.

        Raises:
            EngineError: They do not.
        """
        answer = job.request.max_tokens + self._thinking_tokens(job.request.thinking)
        answer += len(encoded.truth.asked) if encoded.truth is not None else 0
        if len(encoded.tokens) + answer > self._limit:
            raise EngineError(
                f"{len(encoded.tokens)} prompt and {answer} answer tokens do not fit "
                f"a context of {self._limit}: raise context_tokens"
            )

    def _thinking_tokens(self, thinking: Thinking | None) -> int:
        """Most tokens that thinking takes in the context."""
        if thinking is None:
            return 0
        return thinking.budget_tokens + len(self._model.tokenize_markup(thinking.conclusion))

    def close(self) -> None:
        """Give the KV cache back and end what is under way; the model stays."""
        self._closed = True
        self.kv.close()
