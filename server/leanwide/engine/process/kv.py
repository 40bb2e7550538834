"""The KV cache of a lane: finds a prompt's longest cached prefix and evaluates the rest.

Every call is bounded: prompts are evaluated in chunks, whose size
:mod:`leanwide.engine.process.prefill_chunks` chooses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice

from leanwide.engine.base import EngineError
from leanwide.engine.process.checkpoints import next_pause, page_pauses, prompt_pauses
from leanwide.engine.process.draft_length import StepCosts
from leanwide.engine.process.growing_context import GrowingContext
from leanwide.engine.process.job import Job
from leanwide.engine.process.llama import Model
from leanwide.engine.process.llama_context import Context, ContextParams, Decoded, Logits, Sampler
from leanwide.engine.process.prefill_chunks import PrefillChunker
from leanwide.engine.process.sequence_cache import CachedSequence, SequenceCache, common_prefix
from leanwide.engine.process.sequence_memory import SequenceMemory
from leanwide.engine.process.state_saver import SavedMatch, SequenceState, StateSaver
from leanwide.engine.process.threads import ThreadChoice
from leanwide.engine.requests import Priority, Request, SaveRequest
from leanwide.engine.specs import LaneSpec, ModelSpec
from leanwide.models.speed import SMALLEST_STEP

Cancelled = Callable[[], bool]
"""Whether the work is cancelled; called inside a step too, on CPU and Metal."""


class KvCache:
    """A llama.cpp context with the bookkeeping of its sequences."""

    def __init__(
        self, model: Model, spec: LaneSpec, engine: ModelSpec, saver: StateSaver | None = None
    ) -> None:
        """Open the context.

        Args:
            model: The weights.
            spec: The size of the cache.
            engine: How it is computed.
            saver: Saves sequences to disk; None: nothing is saved.

        Raises:
            EngineError: There is not enough memory.
        """
        self.batch_tokens = engine.batch_tokens
        """Most tokens in one step."""
        self._abortable = engine.abortable
        self.chunker = PrefillChunker(engine.batch_tokens, abortable=engine.abortable)
        """Learns the speed of prefill."""
        self.step_costs = StepCosts()
        """Learns what the steps of answers cost."""
        self._cancelled: Cancelled | None = None
        self._rows_ahead = 0
        """Rows of logits after the current one."""
        self._prompt_threads = ThreadChoice(engine.threads)
        self._decode_threads = ThreadChoice(engine.threads)
        params = ContextParams(
            cells=spec.context_tokens * spec.sequences,
            sequences=spec.sequences,
            batch_tokens=engine.batch_tokens,
            threads=engine.threads,
            keeps_scores=engine.keeps_scores,
            kv_type=engine.kv_type,
            shares_cells=model.window > 0,
        )
        self._shares_cells = params.shares_cells
        # What is saved is restored without growing. On a GPU everything is allocated now: another
        # process may take the memory later.
        saved = params.cells_for(saver.longest()) if saver is not None else 0
        first = params.cells if engine.gpu_layers != 0 else saved
        self._growing = GrowingContext(model, params, self._must_stop, first)
        self._cache = SequenceCache(spec.sequences)
        self._memory = SequenceMemory(model, self._growing)
        self._model = model
        self._saver = saver

    @property
    def context(self) -> Context:
        """The llama.cpp context; another one after it has grown."""
        return self._growing.context

    @property
    def cells(self) -> int:
        """Tokens that the cache has room for now, over all sequences."""
        return self._growing.cells

    @property
    def sequences(self) -> tuple[CachedSequence, ...]:
        """The sequences and the tokens that they hold."""
        return self._cache.sequences

    def cached_tokens(self, tokens: list[int]) -> int:
        """Return how many leading tokens of a prompt need no evaluation; for any thread."""
        cached = self._cache.longest_prefix(tokens)
        match = self._worth_restoring(tokens, cached)
        return cached if match is None else match.shared

    def claim(self, request: Request, tokens: list[int]) -> CachedSequence:
        """Claim a sequence for a request's prompt; it keeps what it shares with the prompt.

        Background work evicts no prompt that is in use.

        Raises:
            EngineError: All sequences are busy.
        """
        if request.shared_prefix:
            claim = self._cache.claim_prefix(tokens)
        elif request.priority is Priority.BACKGROUND and request.truth:
            claim = self._cache.claim_for_score(tokens)
        elif request.priority is Priority.BACKGROUND:
            claim = self._cache.claim_spare(tokens)
        else:
            claim = self._cache.claim(tokens)
        if claim is None:
            raise EngineError("every sequence of the lane is in use")
        sequence = claim.sequence
        if claim.copy_from is not None:
            self._memory.copy(self.sequences[claim.copy_from], sequence, claim.keep)
        else:
            self._memory.cut(sequence, claim.keep)
        match = self._worth_restoring(tokens, len(sequence.tokens))
        saved = match.saved.tokens if match is not None else ()
        self._reserve(max(len(tokens), len(saved)))
        if self._saver is not None and match is not None:
            self._restore(sequence, match, self._saver)
        return sequence

    def save(self, save: SaveRequest, tokens: list[int]) -> Future[None] | None:
        """Start to write the sequence that holds a prompt to disk; None if it is not worth it.

        The tokens after the prompt are saved too: answers, and what the user typed.
        """
        holding = [
            sequence
            for sequence in self.sequences
            if common_prefix(sequence.tokens, tokens) == len(tokens)
        ]
        if self._saver is None or not holding:
            return None
        newest = max(holding, key=lambda sequence: sequence.used)
        ms = self.chunker.ms_per_token
        if not self._saver.worth_saving(newest.tokens, ms):
            return None
        cut_from = self._memory.cut_from_when_restored(newest)
        state = SequenceState.of(newest, self.context.state(newest.number), cut_from)
        return self._saver.write(save, state, ms)

    def delete_saved(self, save: SaveRequest) -> None:
        """Remove from disk what was saved under a name."""
        if self._saver is not None:
            self._saver.delete(save)

    def _restore(self, sequence: CachedSequence, match: SavedMatch, saver: StateSaver) -> None:
        """Replace what a sequence holds by what is saved of its prompt."""
        saved = saver.read(match)
        if saved is None:
            return
        self._memory.clear(sequence)
        fits = self._growing.restore(sequence.number, saved.state, self._filled())
        if fits:
            self._memory.restored(sequence, match.saved.tokens, saved.checkpoints)
        self._memory.changed(self.sequences)  # it may have grown
        if fits:
            self._memory.cut(sequence, match.shared)
        else:
            saver.remove(match)

    def _reserve(self, tokens: int) -> None:
        """Make room for a sequence of so many tokens, where there is memory for it."""
        if self._growing.reserve(tokens, self._filled()):
            self._memory.changed(self.sequences)

    def _worth_restoring(self, tokens: list[int], cached: int) -> SavedMatch | None:
        """Return the state on disk that saves time for a prompt with ``cached`` tokens cached."""
        if self._saver is None or len(tokens) - cached < SMALLEST_STEP:
            return None
        return self._saver.worth_restoring(tokens, cached)

    def prefill(self, sequence: CachedSequence, tokens: list[int], job: Job) -> Iterator[int]:
        """Evaluate what a sequence lacks of a job's prompt, in chunks.

        Yields the number of tokens that each chunk evaluated: 0 where it was aborted, because the
        job was preempted or cancelled.
        """
        pauses = self._pauses(tokens, job.request)
        while len(sequence.tokens) < len(tokens) and not job.cancelled():
            self._memory.checkpoint(sequence)
            done = len(sequence.tokens)
            is_large = len(tokens) - done >= SMALLEST_STEP
            choice = self._prompt_threads if is_large else self._decode_threads
            threads = choice.pick()
            size = self.chunker.short if choice.trying else self.chunker.long
            end = next_pause(pauses, done, sequence.newest_checkpoint) or len(tokens)
            part = tokens[done : min(done + size, end)]
            ms = self._evaluate(sequence, part, threads, self._abort_check(job, len(part)))
            count = max(0, len(sequence.tokens) - done)
            if count < len(part):
                self.chunker.aborted()
            else:
                self.chunker.completed(count, ms)
                if count == size:  # the rest of a prompt takes longer per token
                    choice.learn(threads, ms / count)
            yield count

    def _pauses(self, tokens: list[int], request: Request) -> list[int]:
        """Return where the evaluation of a prompt pauses for a checkpoint, ascending."""
        if not self._memory.needs_checkpoints:
            return []
        if request.shared_prefix:
            return page_pauses(len(tokens))
        special = (at for at in reversed(range(len(tokens))) if self._model.is_special(tokens[at]))
        return prompt_pauses(len(tokens), list(islice(special, 2)))

    def _abort_check(self, job: Job, tokens: int) -> Cancelled:
        """Return what aborts a chunk of ``tokens`` tokens."""
        if self.chunker.runs_to_completion(tokens, job.request.priority):
            return job.cancelled
        return lambda: job.cancelled() or job.preempted()

    def append(self, sequence: CachedSequence, tokens: list[int], cancelled: Cancelled) -> None:
        """Evaluate a few tokens, one batch at most, at the end of a sequence."""
        threads = self._decode_threads.pick()
        ms = self._evaluate(sequence, tokens, threads, cancelled)
        if len(tokens) == 1:
            self._decode_threads.learn(threads, ms)
            if not self._decode_threads.trying:
                self.step_costs.learn(1, ms)

    @property
    def longest_draft(self) -> int:
        """Most tokens that can be evaluated behind a generated one, to see whether they follow.

        0 where what the model rejects cannot be cut. An urgent request waits for the end of a step
        that cannot be aborted.
        """
        if self._memory.needs_checkpoints:
            return 0
        return (self.batch_tokens if self._abortable else self.chunker.short) - 1

    def append_draft(self, sequence: CachedSequence, tokens: list[int], job: Job) -> bool:
        """Evaluate a generated token and a draft behind it; the logits after the first are current.

        False: the job was preempted or cancelled, and the sequence is as before.
        """
        before, count = len(sequence.tokens), len(tokens)
        threads, aborts = self._decode_threads.used, self._abort_check(job, count)
        ms = self._evaluate(sequence, tokens, threads, aborts, outputs=count)
        if len(sequence.tokens) < before + count:
            self.cut(sequence, before)
            return False
        self.step_costs.learn(count, ms)
        self.choose_row(count - 1)
        return True

    def choose_row(self, ahead: int) -> None:
        """Make the logits current that ``ahead`` others follow in the last step."""
        self._rows_ahead = ahead

    def cut(self, sequence: CachedSequence, keep: int) -> None:
        """Cut a sequence to its first ``keep`` tokens; the current logits stay."""
        self._memory.cut(sequence, keep)

    def append_with_logits(
        self, sequence: CachedSequence, tokens: list[int], cancelled: Cancelled
    ) -> Logits:
        """Evaluate up to a batch of tokens; return the logits after each, a row per token."""
        self._evaluate(sequence, tokens, self._prompt_threads.pick(), cancelled, len(tokens))
        return self.context.rows(len(tokens))

    def logits(self) -> Logits:
        """Return the current logits, of the last evaluated token unless another row was chosen.

        Shape (vocabulary,); a view.
        """
        return self.context.logits(self._rows_ahead)

    def sample(self, sampler: Sampler) -> int:
        """Sample the next token from the current logits."""
        return self.context.sample(sampler, self._rows_ahead)

    def close(self) -> None:
        """Free the memory."""
        self.context.close()

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
        """Evaluate tokens, add those that were evaluated to the sequence; return milliseconds."""
        began = time.monotonic()
        self.context.use_threads(threads)
        self._cancelled = cancelled
        self._rows_ahead = 0
        position = len(sequence.tokens)
        try:
            outcome = self.context.decode(part, position, sequence.number, outputs)
            while outcome is Decoded.FULL and self._growing.grow(self._filled()):
                self.context.use_threads(threads)
                outcome = self.context.decode(part, position, sequence.number, outputs)
            if outcome is Decoded.FULL and self._shares_cells:
                self._evict_all_but(sequence)
                outcome = self.context.decode(part, position, sequence.number, outputs)
        except EngineError:
            self._memory.clear(sequence)  # what llama.cpp left of it is unknown
            raise
        finally:
            self._cancelled = None
        if outcome is Decoded.FULL:
            self._memory.changed(self.sequences)
            raise EngineError("there is no memory for so long a prompt: close other programs")
        if outcome is Decoded.ABORTED:
            self._memory.aborted(sequence)
        kept = self.context.length(sequence.number) - len(sequence.tokens)
        sequence.tokens.extend(part[:kept])
        self._memory.changed(self.sequences)
        return 1000 * (time.monotonic() - began)

    def _filled(self) -> list[int]:
        """Return the numbers of the sequences that hold tokens."""
        return [sequence.number for sequence in self.sequences if sequence.tokens]

    def _evict_all_but(self, kept: CachedSequence) -> None:
        for other in self.sequences:
            if other is not kept and not other.busy:
                self._memory.clear(other)
