"""How a generation proceeds, step by step.

It is an iterator whose every step is bounded, one prompt slice or one token, so that the scheduler
can let another one in between.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator

import numpy as np

from leanwide.engine.base import Finished, FinishReason, Piece, PrefillProgress, Thinking
from leanwide.engine.process.encoding import Encoded
from leanwide.engine.process.job import Job, Meter, Step
from leanwide.engine.process.kv import KvCache
from leanwide.engine.process.llama import Model, Sampler
from leanwide.engine.process.output_stream import OutputStream
from leanwide.engine.process.scoring import EncodedTruth, nats
from leanwide.engine.process.sequence_cache import CachedSequence
from leanwide.engine.process.token_healing import Healing, PieceIndex


def given_up(job: Job, experts: int) -> Finished:
    """The end of a job that was cancelled before it began."""
    return Finished(FinishReason.CANCELLED, Meter().stats(job, experts))


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

    def run(self, encoded: Encoded) -> Iterator[Step]:
        """Read the prompt, then measure the truth or say the answer; the last step is the end."""
        job, reason = self._job, FinishReason.LENGTH
        yield from self._read(encoded.tokens)
        if encoded.truth is not None and not job.cancelled():
            yield from self._score(encoded.truth)
        if job.cancelled():
            reason = FinishReason.CANCELLED
        elif job.request.max_tokens > 0:
            reason = yield from self._say(encoded.healed)
        yield Finished(reason, self._meter.stats(job, self._model.experts_used))

    def _read(self, tokens: list[int]) -> Iterator[Step]:
        for count in self._kv.fill(self._sequence, tokens, self._job):
            self._meter.evaluated += count
            if (read := len(self._sequence.tokens)) < len(tokens):
                yield PrefillProgress(read, len(tokens))
        self._meter.prompt_done = time.monotonic()

    def _score(self, truth: EncodedTruth) -> Iterator[Step]:
        """Measure how likely the truth is; the logits for its first token are there."""
        asked, batch = list(truth.asked), self._kv.batch_tokens
        self._meter.nats = nats(self._kv.logits()[None], asked[:1])
        for start in range(0, len(asked) - 1, batch):
            yield None
            part = asked[start : start + batch][: len(asked) - 1 - start]
            rows = self._kv.append_known(self._sequence, part, self._job.cancelled)
            if self._job.cancelled():
                return
            self._meter.nats += nats(rows, asked[start + 1 : start + 1 + len(part)])
        self._meter.scored = len(asked)

    def _say(self, healed: bytes) -> Generator[Step, None, FinishReason]:
        """Generate token by token; gives the reason why it ended."""
        request = self._job.request
        healing, voice = Healing(self._index, healed), self._voice()
        sampler = Sampler(request.sampling, self._model.vocabulary)
        try:
            reason: FinishReason | None = None
            while reason is None:
                if self._thinks_too_long():
                    voice.thoughts.hasten()
                if voice.thoughts.conclusion:
                    yield from self._conclude(voice)
                    if self._job.cancelled():
                        return FinishReason.CANCELLED
                said = self._next_token(sampler, healing, request.thinking)
                if said is None and voice.thoughts.unfinished:
                    voice.thoughts.hasten()
                    continue
                if said is None and voice.thoughts.owes_answer:
                    said = self._likeliest_word()
                if said is None:
                    reason = FinishReason.END
                    break
                token, spelt = said
                self._meter.generated += 1
                pieces = list(self._hear(token, spelt, healing, voice))
                self._meter.thought = voice.thoughts.tokens
                # The one place for other jobs: the logits are used up, the next are not there yet.
                yield from pieces or (None,)
                reason = self._why_end(voice)
                if reason is None:
                    self._kv.append(self._sequence, [token], self._job.cancelled)
                    reason = FinishReason.CANCELLED if self._job.cancelled() else None
            yield from voice.flush()
            return reason
        finally:
            sampler.close()

    def _voice(self) -> OutputStream:
        thinking = self._job.request.thinking
        marks = (thinking.opening, thinking.closing) if thinking is not None else ()
        return OutputStream(self._job.request, frozenset(filter(self._model.is_marker, marks)))

    def _hear(
        self, token: int, spelt: bytes, healing: Healing, voice: OutputStream
    ) -> Iterator[Piece]:
        """Give what a token says; part of a special one that healing needed is plain text."""
        new = healing.accept(spelt)
        special = new == spelt and new.strip() and self._model.is_special(token)
        return voice.take_special(new) if special else voice.take(new)

    def _next_token(
        self, sampler: Sampler, healing: Healing, thinking: Thinking | None
    ) -> tuple[int, bytes] | None:
        """The next token and its bytes, or None where the model ends its answer."""
        token = (
            healing.choose(self._kv.logits()) if healing.constrains else self._kv.sample(sampler)
        )
        if token is None:
            return None
        if not self._model.is_end(token):
            return token, self._model.piece(token)
        name = self._model.name(token)
        marks = thinking is not None and name in (thinking.opening, thinking.closing)
        return (token, name.encode()) if marks else None

    def _likeliest_word(self) -> tuple[int, bytes]:
        """The likeliest token that does not end the answer, and its bytes."""
        logits = self._kv.logits().copy()
        while self._model.is_end(token := int(np.argmax(logits))):
            logits[token] = -np.inf
        return token, self._model.piece(token)

    def _thinks_too_long(self) -> bool:
        thinking = self._job.request.thinking
        if thinking is None:
            return False
        return time.monotonic() >= self._meter.prompt_done + thinking.deadline_ms / 1000

    def _conclude(self, voice: OutputStream) -> Iterator[Step]:
        """End the thinking in the model's place; the logits that are there are not needed."""
        text, batch = voice.thoughts.conclusion, self._kv.batch_tokens
        tokens = self._model.tokenize_markup(text)
        yield from voice.say(text)
        for start in range(0, len(tokens), batch):
            if start:
                yield None
            if not self._job.cancelled():
                part = tokens[start : start + batch]
                self._kv.append(self._sequence, part, self._job.cancelled)

    def _why_end(self, voice: OutputStream) -> FinishReason | None:
        meter, job = self._meter, self._job
        if voice.stopped:
            return FinishReason.STOP
        if job.cancelled():
            return FinishReason.CANCELLED
        if meter.generated - meter.thought >= job.request.max_tokens:
            return FinishReason.LENGTH
        if time.monotonic() >= meter.prompt_done + job.request.deadline_ms / 1000:
            return FinishReason.DEADLINE
        return None
