"""A lane: weights with their expert count, their KV cache, and the generations that run on it."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from concurrent.futures import Future, wait
from typing import Final

from attrs import frozen

from leanwide.engine.base import EngineError
from leanwide.engine.process.encoding import EncodedRequest, encode, encode_request
from leanwide.engine.process.generation import GenerationSteps, cancelled_early
from leanwide.engine.process.job import Job, Meter, Step
from leanwide.engine.process.kv import KvCache
from leanwide.engine.process.llama import Model
from leanwide.engine.process.state_saver import StateSaver
from leanwide.engine.process.token_healing import PieceIndex
from leanwide.engine.requests import Finished, FinishReason, Priority, SaveRequest
from leanwide.engine.specs import LaneInfo, LaneSpec, ModelSpec

_SAVE_POLL_S: Final = 0.02
"""Seconds between two checks whether a file is written: other jobs wait no longer for a step."""


@frozen(kw_only=True)
class LaneOpening:
    """What is known when a lane is opened."""

    began: float
    """When the weights began to load, in seconds of ``time.monotonic``."""
    notice: str
    """One sentence where the lane differs from its spec; else empty."""
    model_name: str
    predicted_bytes: int
    """Most memory of the lane besides the weights."""
    saver: StateSaver | None = None
    """Saves sequences to disk; None: nothing is saved."""


@frozen(eq=False)
class _RunningJob:
    """A generation that has begun."""

    priority: Priority
    steps: Generator[Step, None, None]


class Lane:
    """A model handle with its expert count, and a KV cache."""

    def __init__(
        self,
        model: Model,
        index: PieceIndex,
        spec: LaneSpec,
        engine: ModelSpec,
        opening: LaneOpening,
    ) -> None:
        """Open the KV cache.

        Raises:
            EngineError: There is not enough memory.
        """
        self._model = model
        self._index = index
        self._context_tokens = spec.context_tokens
        self._running: list[_RunningJob] = []
        self._closed = False
        self.last_question_at = -math.inf
        """When a question last ran here, in seconds of ``time.monotonic``."""
        self.kv = KvCache(model, spec, engine, opening.saver)
        self.info = LaneInfo(
            name=spec.name,
            experts=model.experts_used,
            context_tokens=spec.context_tokens,
            load_ms=1000 * (time.monotonic() - opening.began),
            notice=opening.notice,
            model=opening.model_name,
            sequences=spec.sequences,
            predicted_bytes=opening.predicted_bytes,
            measured_bytes=self.kv.context.buffer_bytes,
        )

    @property
    def model(self) -> Model:
        """The weights, perhaps shared with another lane."""
        return self._model

    @property
    def busy(self) -> bool:
        """Whether a generation is running."""
        return bool(self._running)

    @property
    def serves_user(self) -> bool:
        """Whether a generation that the user waits for is running."""
        return any(job.priority.serves_user for job in self._running)

    def run(self, job: Job) -> Iterator[Step]:
        """Run a generation; every ``next`` is one bounded step.

        Raises:
            EngineError: The prompt is too long, or llama.cpp failed.
        """
        running = _RunningJob(job.request.priority, self._run(job))
        self._running.append(running)
        try:
            if not self._closed:
                yield from running.steps
            if self._closed:  # before it began, or under it
                yield cancelled_early(job, self.info.experts)
        finally:
            self._running.remove(running)
            if running.priority is Priority.COMMAND:
                self.last_question_at = time.monotonic()

    def _run(self, job: Job) -> Generator[Step, None, None]:
        if job.cancelled():  # before it touches the KV cache
            yield cancelled_early(job, self.info.experts)
            return
        if job.request.save is not None:
            yield from self._save(job, job.request.save)
            return
        if not job.request.prompt and not job.request.max_tokens:  # it only opens the lane
            yield Finished(FinishReason.LENGTH, Meter().stats(job, self._model.experts_used))
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

    def _save(self, job: Job, save: SaveRequest) -> Iterator[Step]:
        """Write the sequence that holds a prompt to disk; it is there at the last step.

        Raises:
            EngineError: It cannot be written.
        """
        writing: Future[None] | None = None
        if job.request.prompt:
            writing = self.kv.save(save, encode(self._model, job.request.prompt))
        else:
            self.kv.delete_saved(save)
        while writing is not None and not writing.done():
            wait((writing,), _SAVE_POLL_S)
            yield None
        if writing is not None and (error := writing.exception()) is not None:
            raise EngineError(f"the KV cache cannot be saved to disk: {error}")
        yield Finished(FinishReason.END, Meter().stats(job, self._model.experts_used))

    def _check_length(self, job: Job, encoded: EncodedRequest) -> None:
        """Check that prompt and answer fit the context.

        Raises:
            EngineError: They do not.
        """
        answer, thinking = job.request.max_tokens, job.request.thinking
        if thinking is not None:
            answer += thinking.budget_tokens
            answer += len(self._model.tokenize_markup(thinking.conclusion))
        if encoded.truth is not None:
            answer += len(encoded.truth.scored)
        if len(encoded.tokens) + answer > self._context_tokens:
            raise EngineError(
                f"{len(encoded.tokens)} prompt and {answer} answer tokens do not fit "
                f"a context of {self._context_tokens}: raise context_tokens"
            )

    def close(self) -> None:
        """End what is running, between two of its steps, and free the KV cache.

        The model stays loaded. No step can follow in freed memory: each generation has left its
        last one before anything is freed.
        """
        self._closed = True
        for running in self._running:
            running.steps.close()
        self.kv.close()
