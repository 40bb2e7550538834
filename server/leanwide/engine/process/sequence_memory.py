"""What llama.cpp holds of the sequences of a lane: cutting, copying and keeping it.

Attention without a window can be cut anywhere. Recurrent layers and sliding windows cannot, and
llama.cpp does not say so in every case: a copied beginning gets the recurrent state of the end, an
aborted chunk leaves half of it, and a window that was overwritten or saved without what preceded it
is short. Their checkpoints are made here, and every cut goes by them.
"""

from __future__ import annotations

from collections.abc import Iterable

from leanwide.engine.base import EngineError
from leanwide.engine.process.checkpoints import MIN_GAP, Checkpoint, thinned
from leanwide.engine.process.growing_context import GrowingContext
from leanwide.engine.process.llama import Model
from leanwide.engine.process.sequence_cache import CachedSequence
from leanwide.models.checkpoints import most_checkpoints


class SequenceMemory:
    """Keeps sequences and their part of the KV cache in agreement."""

    def __init__(self, model: Model, growing: GrowingContext) -> None:
        self._growing = growing
        self._recurrent = model.recurrent
        self._window = model.window
        self.needs_checkpoints = self._recurrent or self._window > 0
        """Whether a sequence cannot be cut anywhere."""

    def cut(self, sequence: CachedSequence, keep: int) -> None:
        """Cut a sequence to its first ``keep`` tokens, or to none where llama.cpp refuses."""
        if keep < sequence.cut_from and keep > 0:
            self._return_to(sequence, keep)
        elif self._growing.context.truncate(sequence.number, keep):
            self._forget_after(sequence, keep)
        else:
            self.clear(sequence)

    def copy(self, source: CachedSequence, target: CachedSequence, keep: int) -> None:
        """Replace what ``target`` holds by the first ``keep`` tokens of ``source``."""
        context = self._growing.context
        context.truncate(target.number, 0)
        target.tokens[:] = source.tokens[:keep]
        target.checkpoints[:] = source.checkpoints
        try:
            context.copy(source.number, target.number, keep if keep >= source.cut_from else -1)
        except EngineError:
            self.clear(target)
            return
        if keep >= source.cut_from:
            self._forget_after(target, keep)
        else:
            self._return_to(target, keep)

    def clear(self, sequence: CachedSequence) -> None:
        """Remove all tokens of a sequence."""
        self._growing.context.truncate(sequence.number, 0)
        self._forget_after(sequence, 0)

    def restored(
        self, sequence: CachedSequence, tokens: list[int], checkpoints: Iterable[Checkpoint]
    ) -> None:
        """Record what a whole state that was restored holds."""
        sequence.tokens[:] = tokens
        sequence.checkpoints[:] = checkpoints

    def changed(self, sequences: Iterable[CachedSequence]) -> None:
        """Find out where sequences can be cut, after tokens were evaluated or the cache grew.

        Both may cost windows of any sequence their older tokens.
        """
        for sequence in sequences:
            self._measure(sequence)

    def aborted(self, sequence: CachedSequence) -> None:
        """Bring back what an evaluation that did not end spoilt: the newest checkpoint."""
        if not self._recurrent:
            return
        if newest := sequence.newest_checkpoint:
            self._return_to(sequence, newest)
        else:
            self.clear(sequence)

    def checkpoint(self, sequence: CachedSequence) -> None:
        """Make a checkpoint of a sequence as it is, unless one is near."""
        length, known = len(sequence.tokens), sequence.checkpoints
        if self.needs_checkpoints and length - sequence.newest_checkpoint >= MIN_GAP:
            state = self._growing.context.partial_state(sequence.number)
            known.append(Checkpoint(length, state))
            known[:] = thinned(known, most_checkpoints(len(state)))

    def cut_from_when_restored(self, sequence: CachedSequence) -> int:
        """Return what ``cut_from`` is after the state of a sequence was saved and restored."""
        length = len(sequence.tokens)
        if self._recurrent:
            return length
        # llama.cpp saves the window of the last token only.
        return length - 1 if 0 < self._window < length else 0

    def _return_to(self, sequence: CachedSequence, length: int) -> None:
        """Cut a sequence to the length of one of its checkpoints."""
        context = self._growing.context
        found = next((known for known in sequence.checkpoints if known.length == length), None)
        try:
            if found is None:
                raise EngineError("there is no checkpoint")
            context.restore_partial(sequence.number, found.state)
        except EngineError:
            self.clear(sequence)
            return
        if context.truncate(sequence.number, length):
            self._forget_after(sequence, length)
        else:
            self.clear(sequence)

    def _forget_after(self, sequence: CachedSequence, keep: int) -> None:
        del sequence.tokens[keep:]
        sequence.checkpoints[:] = [known for known in sequence.checkpoints if known.length <= keep]
        self._measure(sequence)

    def _measure(self, sequence: CachedSequence) -> None:
        """Find out where a sequence can be cut without a checkpoint."""
        if self._recurrent:
            sequence.cut_from = len(sequence.tokens)
        elif self._window:
            oldest = self._growing.context.oldest(sequence.number)
            # The next token attends to the window - 1 tokens before it.
            sequence.cut_from = oldest + self._window - 1 if oldest > 0 else 0
