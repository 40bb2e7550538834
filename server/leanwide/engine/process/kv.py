"""The KV cache of a lane: what is evaluated in which sequence, and how the rest gets there.

Everything takes bounded time: prompts go in slices, whose length
:mod:`leanwide.engine.process.prefill_chunks` knows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future

from leanwide.engine.base import EngineError, EngineSpec, LaneSpec, Priority, Request, SaveRequest
from leanwide.engine.process.growing_context import GrowingContext
from leanwide.engine.process.job import Job
from leanwide.engine.process.llama import Context, ContextParams, Decoded, Logits, Model, Sampler
from leanwide.engine.process.prefill_chunks import PrefillChunker
from leanwide.engine.process.sequence_cache import CachedSequence, SequenceCache, common_prefix
from leanwide.engine.process.state_saver import SavedMatch, StateSaver
from leanwide.engine.process.threads import ThreadChoice
from leanwide.models.speed import SMALLEST_STEP

Cancelled = Callable[[], bool]
"""Whether somebody gave up; asked inside a step too, on CPU and Metal."""


class KvCache:
    """A context on a model, with the bookkeeping over its sequences."""

    def __init__(
        self, model: Model, spec: LaneSpec, engine: EngineSpec, keeper: StateSaver | None = None
    ) -> None:
        """Open it.

        Args:
            model: The weights.
            spec: How much it holds.
            engine: How it is computed.
            keeper: What outlives it on disk; None where nothing does.

        Raises:
            EngineError: There is not enough memory.
        """
        self.batch_tokens = engine.batch_tokens
        """Most tokens in one step."""
        # Only a CPU asks between the nodes of its graph whether it is to go on.
        self._pace = PrefillChunker(engine.batch_tokens, breakable=engine.gpu_layers == 0)
        self._cancelled: Cancelled | None = None
        self._prompt_threads = ThreadChoice(engine.threads)
        self._decode_threads = ThreadChoice(engine.threads)
        params = ContextParams(
            cells=spec.context_tokens * spec.sequences,
            sequences=spec.sequences,
            batch_tokens=engine.batch_tokens,
            threads=engine.threads,
            keeps_scores=engine.keeps_scores,
        )
        # What a GPU's memory does not give at once may be somebody else's later.
        self._room = GrowingContext(model, params, self._must_stop, at_once=engine.gpu_layers != 0)
        self._cache = SequenceCache(spec.sequences)
        self._keeper = keeper
        self._cuts = True
        """A sequence can be cut; that of a recurrent model cannot."""

    @property
    def _context(self) -> Context:
        return self._room.context

    @property
    def buffer_bytes(self) -> int:
        """What llama.cpp says that it allocated until now; 0 where it says nothing."""
        return self._context.buffer_bytes

    def shared(self, tokens: list[int]) -> int:
        """Return how many leading tokens of a prompt need not be evaluated; for any thread."""
        held = self._cache.shared(tokens)
        found = self._worth_restoring(tokens, held)
        return held if found is None else found.shared

    def claim(self, request: Request, tokens: list[int]) -> CachedSequence:
        """Take a sequence for a request's prompt; what it holds of that stays.

        Work in the background takes nothing from anybody.

        Raises:
            EngineError: All of them are in use.
        """
        if request.shared_prefix:
            claim = self._cache.claim_prefix(tokens)
        elif request.priority is Priority.BACKGROUND:
            claim = self._cache.claim_spare(tokens)
        else:
            claim = self._cache.claim(tokens)
        if claim is None:
            raise EngineError("every sequence of the lane is in use")
        sequence = claim.sequence
        if claim.copy_from is not None:
            self._context.truncate(sequence.number, 0)
            self._context.copy(claim.copy_from, sequence.number, claim.keep)
        else:
            self._cut(sequence, claim.keep)
        self._bring_back(sequence, tokens)
        return sequence

    def keep(self, keep: SaveRequest, tokens: list[int]) -> Future[None] | None:
        """Begin to write what it holds of a prompt to disk; None where nothing is to be written.

        What follows the prompt in its sequence goes with it: answers, and what was typed.
        """
        holding = [
            one for one in self._cache.sequences if common_prefix(one.tokens, tokens) == len(tokens)
        ]
        if self._keeper is None or not holding:
            return None
        sequence, ms = max(holding, key=lambda one: one.used), self._pace.ms_per_token
        if not self._keeper.wants(sequence.tokens, ms):
            return None
        state = self._context.state(sequence.number)
        return self._keeper.write(keep, sequence.tokens, ms, state)

    def drop(self, keep: SaveRequest) -> None:
        """Remove what was written under a name."""
        if self._keeper is not None:
            self._keeper.drop(keep)

    def _bring_back(self, sequence: CachedSequence, tokens: list[int]) -> None:
        """Take more of a prompt from the disk than a sequence holds, where that saves time."""
        found = self._worth_restoring(tokens, len(sequence.tokens))
        if self._keeper is None or found is None:
            return
        state = self._keeper.read(found)
        if state is None:
            return
        self._cut(sequence, 0)
        if self._room.restore(sequence.number, state, self._held()):
            sequence.tokens[:] = found.saved.tokens
            self._cut(sequence, found.shared)
        else:
            self._keeper.refuse(found)

    def _worth_restoring(self, tokens: list[int], held: int) -> SavedMatch | None:
        """Return the state on disk that saves time for a prompt of which so much is in memory."""
        if self._keeper is None or len(tokens) - held < SMALLEST_STEP:
            return None
        found = self._keeper.saving_time(tokens, held)
        return found if found is not None and (self._cuts or found.whole) else None

    def _cut(self, sequence: CachedSequence, keep: int) -> None:
        """Have a sequence hold so many leading tokens, or none where it cannot be cut."""
        if self._context.truncate(sequence.number, keep):
            del sequence.tokens[keep:]
        else:
            self._cuts = False
            sequence.tokens.clear()

    def fill(self, sequence: CachedSequence, tokens: list[int], job: Job) -> Iterator[int]:
        """Evaluate what a sequence lacks of a job's prompt, in slices.

        Gives the number of tokens evaluated after each: 0 where one was broken off, because
        something more urgent had come, or because nobody wants it any more.
        """
        while len(sequence.tokens) < len(tokens) and not job.cancelled():
            done = len(sequence.tokens)
            many = len(tokens) - done >= SMALLEST_STEP
            choice = self._prompt_threads if many else self._decode_threads
            threads = choice.pick()
            size = self._pace.short if choice.trying else self._pace.long
            part = tokens[done : done + size]
            ms = self._evaluate(sequence, part, threads, self._given_up(job, len(part)))
            count = len(sequence.tokens) - done
            if count < len(part):
                self._pace.broken_off()
            else:
                self._pace.learn(count, ms)
                if count == size:  # the rest of a prompt takes longer for each token
                    choice.learn(threads, ms / count)
            yield count

    def _given_up(self, job: Job, tokens: int) -> Cancelled:
        """What ends a slice of so many tokens."""
        if self._pace.runs_to_its_end(tokens, job.request.priority):
            return job.cancelled
        return lambda: job.cancelled() or job.outdone()

    def append(self, sequence: CachedSequence, tokens: list[int], cancelled: Cancelled) -> None:
        """Evaluate a few tokens, one batch at most, behind what is there."""
        threads = self._decode_threads.pick()
        ms = self._evaluate(sequence, tokens, threads, cancelled)
        if len(tokens) == 1:
            self._decode_threads.learn(threads, ms)

    def append_known(
        self, sequence: CachedSequence, tokens: list[int], cancelled: Cancelled
    ) -> Logits:
        """Evaluate up to a batch of tokens; gives the logits behind each, a row per token."""
        self._evaluate(sequence, tokens, self._prompt_threads.pick(), cancelled, len(tokens))
        return self._context.rows(len(tokens))

    def logits(self) -> Logits:
        """What follows the last token that was evaluated, shape (vocabulary,); a view."""
        return self._context.logits()

    def sample(self, sampler: Sampler) -> int:
        """Choose the token that follows."""
        return self._context.sample(sampler)

    def close(self) -> None:
        """Give the memory back."""
        self._context.close()

    def _must_stop(self) -> bool:
        return self._cancelled is not None and self._cancelled()

    def _evaluate(
        self,
        sequence: CachedSequence,
        part: Sequence[int],
        threads: int,
        cancelled: Cancelled,
        outputs: int = 1,
    ) -> float:
        """Run tokens through the model; the sequence then holds what was really evaluated.

        Gives the milliseconds that it took.
        """
        began = time.monotonic()
        self._context.use_threads(threads)
        self._cancelled = cancelled
        place = len(sequence.tokens)
        try:
            outcome = self._context.decode(part, place, sequence.number, outputs)
            while outcome is Decoded.FULL and self._room.grow(self._held()):
                self._context.use_threads(threads)
                outcome = self._context.decode(part, place, sequence.number, outputs)
            if outcome is Decoded.FULL:
                self._make_room(keep=sequence)
                outcome = self._context.decode(part, place, sequence.number, outputs)
        finally:
            self._cancelled = None
        if outcome is Decoded.FULL:
            raise EngineError("the KV cache is full: raise context_tokens")
        kept = self._context.length(sequence.number) - place
        sequence.tokens.extend(part[:kept])
        return 1000 * (time.monotonic() - began)

    def _held(self) -> list[int]:
        """The sequences that hold anything."""
        return [one.number for one in self._cache.sequences if one.tokens]

    def _make_room(self, keep: CachedSequence) -> None:
        for other in self._cache.sequences:
            if other is not keep and not other.busy:
                self._context.truncate(other.number, 0)
                other.tokens.clear()
