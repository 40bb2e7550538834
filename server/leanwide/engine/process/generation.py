"""One generation, step by step.

It is an iterator. Each step is bounded, one prefill chunk, or one token with the drafted ones that
follow it, so that the scheduler can run another job in between.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence

import numpy as np

from leanwide.engine.process.draft_length import DraftLength
from leanwide.engine.process.encoding import EncodedRequest
from leanwide.engine.process.job import Job, Meter, Step
from leanwide.engine.process.kv import KvCache
from leanwide.engine.process.llama import Model
from leanwide.engine.process.llama_context import Sampler
from leanwide.engine.process.lookahead import Drafting, Lookahead, index_drafts
from leanwide.engine.process.other_beginning import AvoidedText, Logits, other_beginning
from leanwide.engine.process.output_stream import OutputStream
from leanwide.engine.process.scoring import EncodedTruth, nats
from leanwide.engine.process.sequence_cache import CachedSequence
from leanwide.engine.process.token_healing import Healing, PieceIndex
from leanwide.engine.requests import Finished, FinishReason, Piece, PrefillProgress, Thinking


def cancelled_early(job: Job, experts: int) -> Finished:
    """Return the end of a job that was cancelled before it began, or whose lane was closed."""
    return Finished(FinishReason.CANCELLED, Meter().stats(job, experts))


def _mark_tokens(model: Model, thinking: Thinking | None) -> frozenset[str]:
    """Return the names of the special tokens in the marks of thinking and answer."""
    if thinking is None:
        return frozenset()
    texts = thinking.marks.texts
    return frozenset(name for text in texts for name in model.special_names(text))


class GenerationSteps:
    """One generation in a sequence that was claimed for it."""

    def __init__(
        self,
        model: Model,
        index: PieceIndex,
        kv: KvCache,
        sequence: CachedSequence,
        job: Job,
    ) -> None:
        self._model = model
        self._index = index
        self._kv = kv
        self._sequence = sequence
        self._job = job
        self._meter = Meter(reused=len(sequence.tokens))
        self._mark_tokens = _mark_tokens(model, job.request.thinking)
        """Special tokens that do not end the answer."""
        self._begins_with: deque[int] = deque()
        """The next tokens of the answer, where it begins otherwise than with an avoided text."""

    def run(self, encoded: EncodedRequest) -> Iterator[Step]:
        """Prefill, then score the truth or generate the answer; the last step is ``Finished``."""
        job, reason = self._job, FinishReason.LENGTH
        yield from self._prefill(encoded.tokens)
        if encoded.truth is not None and not job.cancelled():
            yield from self._score(encoded.truth)
        if job.cancelled():
            reason = FinishReason.CANCELLED
        elif job.request.max_tokens > 0:
            reason = yield from self._answer(encoded)
        yield Finished(reason, self._meter.stats(job, self._model.experts_used))

    def _prefill(self, tokens: list[int]) -> Iterator[Step]:
        for count in self._kv.prefill(self._sequence, tokens, self._job):
            self._meter.evaluated += count
            if (done := len(self._sequence.tokens)) < len(tokens):
                yield PrefillProgress(done, len(tokens))
        self._meter.prompt_done = time.monotonic()

    def _score(self, truth: EncodedTruth) -> Iterator[Step]:
        """Measure how likely the truth is; the logits for its first token are there."""
        scored, batch = list(truth.scored), self._kv.batch_tokens
        self._meter.nats = nats(self._kv.logits()[None], scored[:1])
        for start in range(0, len(scored) - 1, batch):
            yield None
            part = scored[start : start + batch][: len(scored) - 1 - start]
            rows = self._kv.append_with_logits(self._sequence, part, self._job.cancelled)
            if self._job.cancelled():
                return
            self._meter.nats += nats(rows, scored[start + 1 : start + 1 + len(part)])
        self._meter.scored = len(scored)

    def _answer(self, encoded: EncodedRequest) -> Generator[Step, None, FinishReason]:
        """Generate an answer that does not begin with what is avoided; return why it ended."""
        if encoded.avoided is not None:
            self._begins_with.extend((yield from self._other_beginning(encoded.avoided)))
            if not self._begins_with:
                return FinishReason.CANCELLED if self._job.cancelled() else FinishReason.END
        return (yield from self._generate(encoded.healed))

    def _generate(self, healed: bytes) -> Generator[Step, None, FinishReason]:
        """Generate token by token; the generator's value is the reason for the end."""
        request = self._job.request
        healing, output = Healing(self._index, healed), self._open_output()
        lookahead = self._open_lookahead()
        sampler = Sampler(request.sampling, self._model.vocabulary_size)
        try:
            reason: FinishReason | None = None
            pieces: list[Piece] = []
            while reason is None:
                if self._thinking_is_late():
                    output.thoughts.end_budget()
                if output.thoughts.conclusion:
                    lookahead.cut()
                    yield from pieces
                    pieces = []
                    yield from self._conclude(output)
                    if self._job.cancelled():
                        return FinishReason.CANCELLED
                chosen = self._choose(sampler, healing, output)
                if chosen is None and output.thoughts.unfinished:
                    output.thoughts.end_budget()
                    continue
                if chosen is None:
                    reason = FinishReason.END
                    break
                token, spelt = chosen
                self._meter.generated += 1
                pieces += self._push(token, spelt, healing, output)
                self._meter.thought = output.thoughts.tokens
                lookahead.generated(token)
                reason = self._finish_reason(output)
                if reason is None and lookahead.take(token):
                    continue
                lookahead.cut()
                # The only place for other jobs: these logits are used, the next not yet computed.
                yield from pieces or (None,)
                pieces = []
                reason = reason or self._finish_reason(output)
                if reason is None:
                    yield from self._evaluate(token, lookahead)
                    reason = FinishReason.CANCELLED if self._job.cancelled() else None
            lookahead.cut()
            yield from (*pieces, *output.flush())
            return reason
        finally:
            sampler.close()

    def _open_output(self) -> OutputStream:
        return OutputStream(self._job.request, self._mark_tokens)

    def _open_lookahead(self) -> Lookahead:
        drafts = self._job.request.drafts if self._kv.longest_draft > 0 else ()
        drafting = Drafting(
            index_drafts(drafts, self._model.tokenize), DraftLength(self._kv.step_costs)
        )
        return Lookahead(self._kv, self._sequence, self._job, self._meter, drafting)

    def _push(
        self, token: int, spelt: bytes, healing: Healing, output: OutputStream
    ) -> Iterator[Piece]:
        """Yield a token's text; a special token that healing needs in part is plain text."""
        new = healing.accept(spelt)
        special = new == spelt and new.strip() and self._model.is_special(token)
        return output.push_special(new) if special else output.push(new)

    def _evaluate(self, token: int, lookahead: Lookahead) -> Iterator[None]:
        """Evaluate a generated token; without a draft where a more urgent job aborted that."""
        left = self._job.request.max_tokens - (self._meter.generated - self._meter.thought)
        if not lookahead.evaluate(token, left - 1):
            yield None
            if not self._job.cancelled():
                lookahead.evaluate(token, 0)

    def _choose(
        self, sampler: Sampler, healing: Healing, output: OutputStream
    ) -> tuple[int, bytes] | None:
        """Return the next token and its bytes; None where the model ends its thinking or answer."""
        chosen = self._next_token(sampler, healing)
        if chosen is None and output.thoughts.owes_answer and not output.thoughts.unfinished:
            return self._likeliest_word()
        return chosen

    def _next_token(self, sampler: Sampler, healing: Healing) -> tuple[int, bytes] | None:
        """Return the next token and its bytes; None where the model ends its answer."""
        token = self._likeliest(sampler, healing)
        if token is None:
            return None
        if not self._model.is_end(token):
            return token, self._model.piece(token)
        name = self._model.name(token)
        return (token, name.encode()) if name in self._mark_tokens else None

    def _likeliest(self, sampler: Sampler, healing: Healing) -> int | None:
        """Return the next token; None where the vocabulary cannot spell what healing needs."""
        if self._begins_with:
            return self._begins_with.popleft()
        return healing.choose(self._kv.logits()) if healing.constrains else self._kv.sample(sampler)

    def _other_beginning(self, text: AvoidedText) -> Generator[Step, None, Sequence[int]]:
        """Return the tokens of a beginning that is none of a text; none where the model ends.

        The sequence is as before.
        """
        kv, before, first = self._kv, len(self._sequence.tokens), self._kv.logits().copy()
        followed = list(text.tokens[:-1])[: kv.longest_draft]
        while followed and not kv.append_draft(self._sequence, followed, self._job):
            yield None
            if self._job.cancelled():
                return ()
        self._meter.drafted += len(followed)

        def rows() -> Iterator[Logits]:
            yield first
            for ahead in reversed(range(len(followed))):
                kv.choose_row(ahead)
                yield kv.logits()

        found = other_beginning(text, rows(), self._model.piece, self._model.is_end)
        kv.cut(self._sequence, before)
        return found

    def _likeliest_word(self) -> tuple[int, bytes]:
        """Return the likeliest token that does not end the answer, and its bytes."""
        logits = self._kv.logits().copy()
        while self._model.is_end(token := int(np.argmax(logits))):
            logits[token] = -np.inf
        return token, self._model.piece(token)

    def _thinking_is_late(self) -> bool:
        thinking = self._job.request.thinking
        if thinking is None:
            return False
        return time.monotonic() >= self._meter.prompt_done + thinking.deadline_ms / 1000

    def _conclude(self, output: OutputStream) -> Iterator[Step]:
        """Write the conclusion of the thinking in the model's place; current logits are unused."""
        text, batch = output.thoughts.conclusion, self._kv.batch_tokens
        tokens = self._model.tokenize_markup(text)
        yield from output.conclude()
        for start in range(0, len(tokens), batch):
            if start:
                yield None
            if not self._job.cancelled():
                part = tokens[start : start + batch]
                self._kv.append(self._sequence, part, self._job.cancelled)

    def _finish_reason(self, output: OutputStream) -> FinishReason | None:
        meter, job = self._meter, self._job
        if output.thoughts.ended:
            return FinishReason.END
        if output.stopped:
            return FinishReason.STOP
        if job.cancelled():
            return FinishReason.CANCELLED
        if meter.generated - meter.thought >= job.request.max_tokens:
            return FinishReason.LENGTH
        if time.monotonic() >= meter.prompt_done + job.request.deadline_ms / 1000:
            return FinishReason.DEADLINE
        return None
