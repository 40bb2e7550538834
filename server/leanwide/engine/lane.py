"""A lane: one resident way to run the weights, and how a generation proceeds on it step by step.

A generation is an iterator whose every step is bounded, one prompt slice or one token, so that the
scheduler can let another one in between.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator

from attrs import Factory, define, evolve, field, frozen

from leanwide.engine.base import (
    EngineError,
    EngineSpec,
    Finished,
    FinishReason,
    LaneInfo,
    LaneSpec,
    Markup,
    Piece,
    Priority,
    Prompt,
    Request,
    Stats,
    Thinking,
)
from leanwide.engine.cache import CachedSequence, SequenceCache
from leanwide.engine.healing import Healing, PieceIndex
from leanwide.engine.llama import Context, ContextParams, Decoded, Model, Sampler
from leanwide.engine.scoring import Truth, nats
from leanwide.engine.threads import ThreadChoice
from leanwide.engine.voice import Voice
from leanwide.models.speed import SMALLEST_STEP, STEP_MS

Step = Piece | Finished | None
"""What one step gave; None is a prompt slice that gave no text yet."""


@frozen(kw_only=True)
class Job:
    """A request as the lane runs it."""

    request: Request
    arrived: float
    """Moment of arrival, in seconds of ``time.monotonic``."""
    cancelled: Callable[[], bool]
    """Asked between steps and, on CPU and Metal, inside them."""


@frozen(kw_only=True)
class Opening:
    """How the opening of a lane went so far."""

    began: float
    """When the weights began to load, in seconds of ``time.monotonic``."""
    notice: str
    """One sentence where the lane differs from what was asked; else empty."""
    predicted_bytes: int
    """Most memory that the lane should take beside the weights."""


@define
class _Meter:
    """Counts what a generation costs while it runs."""

    started: float
    evaluated: int = 0
    reused: int = 0
    generated: int = 0
    thought: int = 0
    scored: int = 0
    nats: float = 0.0
    prompt_done: float = field(default=Factory(lambda meter: meter.started, takes_self=True))


class Lane:
    """A model handle with its expert count, its KV cache and the bookkeeping over both."""

    def __init__(
        self, model: Model, index: PieceIndex, spec: LaneSpec, engine: EngineSpec, opening: Opening
    ) -> None:
        """Open the KV cache.

        Raises:
            EngineError: There is not enough memory.
        """
        self._model = model
        self._index = index
        self._limit = spec.context_tokens
        self._slice = engine.batch_tokens
        self._batch_tokens = engine.batch_tokens
        self._running: Job | None = None
        self._under_way: list[Priority] = []
        self._closed = False
        self.asked = -math.inf
        """When a question was last at work here, in seconds of ``time.monotonic``."""
        self._prompt_threads = ThreadChoice(engine.threads)
        self._decode_threads = ThreadChoice(engine.threads)
        params = ContextParams(
            cells=spec.context_tokens * spec.sequences,
            sequences=spec.sequences,
            batch_tokens=engine.batch_tokens,
            threads=engine.threads,
            keeps_scores=engine.keeps_scores,
        )
        self._context: Context = model.open_context(params, self._must_stop)
        self._cache = SequenceCache(spec.sequences)
        self.info = LaneInfo(
            name=spec.name,
            experts=model.experts_used,
            context_tokens=spec.context_tokens,
            load_ms=1000 * (time.monotonic() - opening.began),
            notice=opening.notice,
            predicted_bytes=opening.predicted_bytes,
            measured_bytes=self._context.buffer_bytes,
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

    def _must_stop(self) -> bool:
        return self._running is not None and self._running.cancelled()

    def run(self, job: Job) -> Iterator[Step]:
        """Run a generation; every ``next`` does one bounded step.

        Raises:
            EngineError: The prompt is too long, or llama.cpp failed.
        """
        given_up, priority = job.cancelled, job.request.priority
        self._under_way.append(priority)
        try:
            yield from self._steps(evolve(job, cancelled=lambda: given_up() or self._closed))
        finally:
            self._under_way.remove(priority)
            if priority is Priority.COMMAND:
                self.asked = time.monotonic()

    def _steps(self, job: Job) -> Iterator[Step]:
        meter = _Meter(started=time.monotonic())
        if job.cancelled():  # before it touches the KV cache
            yield Finished(FinishReason.CANCELLED, self._stats(job, meter))
            return
        truth = self._truth(job.request)
        tokens, needed = self._encode(job.request, truth)
        answer = job.request.max_tokens + self._thinking_tokens(job.request.thinking)
        answer += len(truth.asked) if truth is not None else 0
        if len(tokens) + answer > self._limit:
            raise EngineError(
                f"{len(tokens)} prompt and {answer} answer tokens do not fit "
                f"a context of {self._limit}: raise context_tokens"
            )
        sequence = self._claim(job.request.priority, tokens, meter)
        try:
            yield from self._prefill(job, sequence, tokens, meter)
            reason = FinishReason.LENGTH
            if truth is not None and not job.cancelled():
                yield from self._score(job, sequence, truth, meter)
            if job.cancelled():
                reason = FinishReason.CANCELLED
            elif job.request.max_tokens > 0:
                reason = yield from self._decode(job, sequence, needed, meter)
        finally:
            sequence.busy = False
        yield Finished(reason, self._stats(job, meter))

    def _thinking_tokens(self, thinking: Thinking | None) -> int:
        """Most tokens that thinking takes in the context."""
        if thinking is None:
            return 0
        return thinking.budget_tokens + len(self._model.tokenize_markup(thinking.conclusion))

    def _encode(self, request: Request, truth: Truth | None) -> tuple[list[int], bytes]:
        """Tokens of the prompt and the bytes that healing takes back from its end."""
        tokens = encode(self._model, request.prompt)
        if truth is not None:
            # What the prompt ends with is tokenised together with the truth.
            typed = isinstance(request.prompt[-1], str)
            before = encode(self._model, request.prompt[:-1]) if typed else tokens
            tokens = [*before, *truth.given]
        if len(tokens) == int(self._model.starts_with_bos):
            raise EngineError("an empty prompt cannot be continued")
        last = request.prompt[-1]
        if not request.heal or not isinstance(last, str) or not last or len(tokens) < 2:
            return tokens, b""
        needed = self._model.piece(tokens[-1])
        if not needed or needed.endswith(b"\n"):
            return tokens, b""
        return tokens[:-1], needed

    def _claim(self, priority: Priority, tokens: list[int], meter: _Meter) -> CachedSequence:
        """Take a sequence for a prompt; work in the background takes nothing from anybody."""
        spare = priority is Priority.BACKGROUND
        claim = self._cache.claim_spare(tokens) if spare else self._cache.claim(tokens)
        if claim is None:
            raise EngineError("every sequence of the lane is in use")
        sequence = claim.sequence
        if claim.copy_from is not None:
            self._context.truncate(sequence.number, 0)
            self._context.copy(claim.copy_from, sequence.number, claim.keep)
        elif not self._context.truncate(sequence.number, claim.keep):
            sequence.tokens.clear()
        meter.reused = len(sequence.tokens)
        return sequence

    def _prefill(
        self, job: Job, sequence: CachedSequence, tokens: list[int], meter: _Meter
    ) -> Iterator[Step]:
        """Evaluate what the KV cache lacks, in slices of about ``STEP_MS``."""
        while len(sequence.tokens) < len(tokens) and not job.cancelled():
            done = len(sequence.tokens)
            part = tokens[done : done + self._slice]
            choice = self._prompt_threads if len(part) >= SMALLEST_STEP else self._decode_threads
            threads = choice.pick()
            ms = self._evaluate(job, sequence, part, threads)
            count = len(sequence.tokens) - done
            meter.evaluated += count
            if count >= SMALLEST_STEP:
                choice.learn(threads, ms / count)
                fitting = int(count / ms * STEP_MS)
                self._slice = max(SMALLEST_STEP, min(self._batch_tokens, fitting))
            if len(sequence.tokens) < len(tokens):
                yield None
        meter.prompt_done = time.monotonic()

    def _truth(self, request: Request) -> Truth | None:
        """The request's truth in tokens; None where there is none."""
        if not request.truth:
            return None
        last = request.prompt[-1]
        typed = last if isinstance(last, str) else ""
        tokens = self._model.tokenize(typed + request.truth)
        return Truth.of(tokens, list(map(self._model.piece, tokens)), len(typed.encode()))

    def _score(
        self, job: Job, sequence: CachedSequence, truth: Truth, meter: _Meter
    ) -> Iterator[Step]:
        """Measure how likely the truth is; the logits for its first token are there."""
        asked = list(truth.asked)
        meter.nats = nats(self._context.logits()[None], asked[:1])
        for start in range(0, len(asked) - 1, self._batch_tokens):
            yield None
            part = asked[start : start + self._batch_tokens][: len(asked) - 1 - start]
            self._evaluate(job, sequence, part, self._prompt_threads.pick(), len(part))
            if job.cancelled():
                return
            following = asked[start + 1 : start + 1 + len(part)]
            meter.nats += nats(self._context.rows(len(part)), following)
        meter.scored = len(asked)

    def _evaluate(
        self,
        job: Job,
        sequence: CachedSequence,
        part: list[int],
        threads: int,
        outputs: int = 1,
    ) -> float:
        """Run tokens through the model; the sequence then holds what was really evaluated.

        Gives the milliseconds that it took.
        """
        began = time.monotonic()
        self._context.use_threads(threads)
        self._running = job
        place = len(sequence.tokens)
        try:
            outcome = self._context.decode(part, place, sequence.number, outputs)
            if outcome is Decoded.FULL:
                self._make_room(keep=sequence)
                outcome = self._context.decode(part, place, sequence.number, outputs)
        finally:
            self._running = None
        if outcome is Decoded.FULL:
            raise EngineError("the KV cache is full: raise context_tokens")
        kept = self._context.length(sequence.number) - len(sequence.tokens)
        sequence.tokens.extend(part[:kept])
        return 1000 * (time.monotonic() - began)

    def _make_room(self, keep: CachedSequence) -> None:
        for other in self._cache.sequences:
            if other is not keep and not other.busy:
                self._context.truncate(other.number, 0)
                other.tokens.clear()

    def _decode(
        self, job: Job, sequence: CachedSequence, needed: bytes, meter: _Meter
    ) -> Generator[Step, None, FinishReason]:
        """Generate token by token; gives the reason why it ended."""
        request = job.request
        healing, voice = Healing(self._index, needed), Voice(request)
        sampler = Sampler(request.sampling)
        deadline = meter.started + request.deadline_ms / 1000
        try:
            reason: FinishReason | None = None
            while reason is None:
                if voice.thoughts.conclusion:
                    yield from self._conclude(job, sequence, voice)
                    if job.cancelled():
                        return FinishReason.CANCELLED
                said = self._next_token(sampler, healing, request.thinking)
                if said is None:
                    reason = FinishReason.END
                    break
                token, spelt = said
                meter.generated += 1
                pieces = list(voice.take(healing.accept(spelt)))
                meter.thought = voice.thoughts.tokens
                # The one place for other jobs: the logits are used up, the next are not there yet.
                yield from pieces or (None,)
                reason = _why_end(job, voice, meter, deadline)
                if reason is None:
                    threads = self._decode_threads.pick()
                    ms = self._evaluate(job, sequence, [token], threads)
                    self._decode_threads.learn(threads, ms)
                    reason = FinishReason.CANCELLED if job.cancelled() else None
            yield from voice.flush()
            return reason
        finally:
            sampler.close()

    def _next_token(
        self, sampler: Sampler, healing: Healing, thinking: Thinking | None
    ) -> tuple[int, bytes] | None:
        """The next token and its bytes, or None where the model ends its answer."""
        if healing.needed:
            token = healing.choose(self._context.logits())
        else:
            token = self._context.sample(sampler)
        if token is None:
            return None
        if not self._model.is_end(token):
            return token, self._model.piece(token)
        name = self._model.name(token)
        marks = thinking is not None and name in (thinking.opening, thinking.closing)
        return (token, name.encode()) if marks else None

    def _conclude(self, job: Job, sequence: CachedSequence, voice: Voice) -> Iterator[Step]:
        """End the thinking in the model's place; the logits that are there are not needed."""
        text = voice.thoughts.conclusion
        tokens = self._model.tokenize_markup(text)
        yield from voice.say(text)
        for start in range(0, len(tokens), self._batch_tokens):
            if start:
                yield None
            if not job.cancelled():
                part = tokens[start : start + self._batch_tokens]
                self._evaluate(job, sequence, part, self._decode_threads.pick())

    def _stats(self, job: Job, meter: _Meter) -> Stats:
        now = time.monotonic()
        return Stats(
            lane=job.request.lane,
            experts=self._model.experts_used,
            tokens_evaluated=meter.evaluated,
            tokens_reused=meter.reused,
            tokens_generated=meter.generated,
            queue_ms=1000 * (meter.started - job.arrived),
            prompt_ms=1000 * (meter.prompt_done - meter.started),
            decode_ms=1000 * (now - meter.prompt_done),
            tokens_thought=meter.thought,
            truth_tokens=meter.scored,
            truth_nats=meter.nats,
        )

    def close(self) -> None:
        """Give the KV cache back and end what is under way; the model stays."""
        self._closed = True
        self._context.close()


def encode(model: Model, prompt: Prompt) -> list[int]:
    """Tokenise a prompt piece by piece, so that a piece keeps its tokens when others change."""
    tokens = [model.bos] if model.starts_with_bos else []
    for piece in prompt:
        match piece:
            case int():
                tokens.append(piece)
            case Markup():
                tokens.extend(model.tokenize_markup(piece.text))
            case _:
                tokens.extend(model.tokenize(piece))
    twice = model.starts_with_bos and tokens[1:2] == [model.bos]  # chat templates write it too
    return tokens[1:] if twice else tokens


def _why_end(job: Job, voice: Voice, meter: _Meter, deadline: float) -> FinishReason | None:
    if voice.stopped:
        return FinishReason.STOP
    if job.cancelled():
        return FinishReason.CANCELLED
    if meter.generated - meter.thought >= job.request.max_tokens:
        return FinishReason.LENGTH
    if time.monotonic() >= deadline:
        return FinishReason.DEADLINE
    return None
