"""When a sequence of a lane's KV cache is saved to disk, and when it is restored from there.

Both follow measured times. A state is saved where prefilling what no file holds of it took a second
or more: a small model never gets there. A state is restored where prefilling clearly takes longer
than a slow disk: at megabytes per token, loading costs more than a fast GPU needs to compute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from attrs import field, frozen

from leanwide.engine.process.checkpoints import Checkpoint, reachable
from leanwide.engine.process.sequence_cache import CachedSequence, common_prefix
from leanwide.engine.requests import SaveRequest
from leanwide.engine.saved_states import (
    SavedFolder,
    SavedState,
    StateCuts,
    StateOrigin,
    make_header,
)
from leanwide.engine.specs import StateSaving

_MIN_UNSAVED_MS: Final = 1000.0
"""Milliseconds of prefill that no file holds yet: less is not worth the wear of a disk."""
_DISK_BYTES_PER_MS: Final = 100_000.0
"""Read speed of a slow disk."""
_MOST_CHECKPOINTS: Final = 2
"""Checkpoints that are saved with a state: the end of the last prompt, and the one before it."""
_MIN_SPEEDUP: Final = 2.0
"""How many times faster than prefill the disk must be."""


@frozen
class SavedMatch:
    """A state on disk that shares leading tokens with a prompt."""

    saved: SavedState
    shared: int
    """Leading tokens that it can be cut to for the prompt, whose last token is left to evaluate."""

    @classmethod
    def of(cls, saved: SavedState, tokens: Sequence[int]) -> SavedMatch:
        """Compare a state with a prompt."""
        common = min(common_prefix(saved.tokens, tokens), len(tokens) - 1)
        cuts = saved.header.cuts
        lengths = [length for length, _ in cuts.checkpoints]
        return cls(saved, reachable(common, cuts.cut_from, lengths))


@frozen(kw_only=True)
class SequenceState:
    """A sequence as it is saved. Its checkpoints stand behind its state."""

    tokens: tuple[int, ...] = field(repr=False)
    state: memoryview = field(repr=False)
    cut_from: int
    """Once restored it can be cut to this many tokens or more; to fewer only at a checkpoint."""
    checkpoints: tuple[Checkpoint, ...]

    @classmethod
    def of(cls, sequence: CachedSequence, state: memoryview, cut_from: int) -> SequenceState:
        """Return a snapshot of a sequence, which goes on changing."""
        return cls(
            tokens=tuple(sequence.tokens),
            state=state,
            cut_from=cut_from,
            checkpoints=tuple(sequence.checkpoints[-_MOST_CHECKPOINTS:]),
        )

    @classmethod
    def parsed(cls, saved: SavedState, data: bytearray) -> SequenceState:
        """Divide the bytes of a saved state."""
        cuts, ends = saved.header.cuts, len(data)
        checkpoints: list[Checkpoint] = []
        for length, size in reversed(cuts.checkpoints):
            checkpoints.insert(0, Checkpoint(length, memoryview(data)[ends - size : ends]))
            ends -= size
        return cls(
            tokens=tuple(saved.tokens),
            state=memoryview(data)[:ends],
            cut_from=cuts.cut_from,
            checkpoints=tuple(checkpoints),
        )

    @property
    def cuts(self) -> StateCuts:
        """Where it can be cut."""
        known = [(checkpoint.length, len(checkpoint.state)) for checkpoint in self.checkpoints]
        return StateCuts(self.cut_from, tuple(known))

    @property
    def bytes(self) -> int:
        """Bytes of the state and its checkpoints."""
        return len(self.state) + sum(size for _, size in self.cuts.checkpoints)

    def data(self) -> bytearray:
        """Return the state and its checkpoints, one after the other."""
        return bytearray(b"").join([self.state, *(known.state for known in self.checkpoints)])


class StateSaver:
    """The files of one model and expert count. Used by the decoding thread; another one writes."""

    def __init__(self, saving: StateSaving, origin: StateOrigin) -> None:
        self._folder = SavedFolder(saving.folder)
        self._max_bytes = saving.max_bytes
        self._origin = origin
        self._writer = ThreadPoolExecutor(1, "leanwide-places")

    def best_match(self, tokens: Sequence[int]) -> SavedMatch | None:
        """Return the state that shares the most leading tokens with a prompt; None if none does."""
        matches = [SavedMatch.of(saved, tokens) for saved in self._states()]
        best = max(matches, key=lambda match: match.shared, default=None)
        return best if best is not None and best.shared > 0 else None

    def longest(self) -> int:
        """Return the most tokens that a state has; 0 if there is none."""
        return max((len(saved.tokens) for saved in self._states()), default=0)

    def worth_restoring(self, tokens: Sequence[int], cached: int) -> SavedMatch | None:
        """Return the state that saves time for a prompt whose first ``cached`` tokens are cached.

        None if none does.
        """
        match = self.best_match(tokens)
        if match is None:
            return None
        header = match.saved.header
        saved_ms = (match.shared - cached) * header.ms_per_token
        return match if saved_ms > _break_even_ms(header.state_bytes) else None

    def worth_saving(self, tokens: Sequence[int], ms_per_token: float) -> bool:
        """Whether prefilling what no file holds of a sequence takes long at this speed."""
        match = self.best_match(tokens)
        known = match.shared if match is not None else 0
        return (len(tokens) - known) * ms_per_token >= _MIN_UNSAVED_MS

    def read(self, match: SavedMatch) -> SequenceState | None:
        """Return a state; None if the file is gone or damaged."""
        data = self._folder.read(match.saved)
        return SequenceState.parsed(match.saved, data) if data is not None else None

    def _states(self) -> Iterator[SavedState]:
        return (saved for saved in self._folder.states() if saved.header.origin == self._origin)

    def remove(self, match: SavedMatch) -> None:
        """Remove a state that llama.cpp rejects."""
        self._folder.remove(match.saved)

    def write(
        self, save: SaveRequest, state: SequenceState, ms_per_token: float
    ) -> Future[None] | None:
        """Start to write a state; None if the disk is no faster than prefilling its tokens."""
        if len(state.tokens) * ms_per_token <= _break_even_ms(state.bytes):
            return None
        return self._writer.submit(self._write, save, state, ms_per_token)

    def _write(self, save: SaveRequest, state: SequenceState, ms_per_token: float) -> None:
        data = state.data()
        header = make_header(self._origin, state.tokens, ms_per_token, save.note, data, state.cuts)
        self._folder.write(save.name, header, data, self._max_bytes)

    def delete(self, save: SaveRequest) -> None:
        """Remove what is saved under a name."""
        self._folder.delete(save.name)


def _break_even_ms(state_bytes: int) -> float:
    """Return the milliseconds of prefill that pay for reading ``state_bytes`` from a slow disk."""
    return _MIN_SPEEDUP * state_bytes / _DISK_BYTES_PER_MS
