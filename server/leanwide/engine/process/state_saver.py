"""When a sequence of a lane's KV cache is saved to disk, and when it is restored from there.

Both follow measured times. A state is saved where prefilling what no file holds of it took a second
or more: a small model never gets there. A state is restored where prefilling clearly takes longer
than a slow disk: at megabytes per token, loading costs more than a fast GPU needs to compute.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from attrs import frozen

from leanwide.engine.base import SaveRequest, StateSaving
from leanwide.engine.process.sequence_cache import common_prefix
from leanwide.engine.saved_states import SavedFolder, SavedState, StateOrigin, make_header

_MIN_UNSAVED_MS: Final = 1000.0
"""Milliseconds of prefill that no file holds yet: less is not worth the wear of a disk."""
_DISK_BYTES_PER_MS: Final = 100_000.0
"""Read speed of a slow disk."""
_MIN_SPEEDUP: Final = 2.0
"""How many times faster than prefill the disk must be."""


@frozen
class SavedMatch:
    """A state on disk that shares leading tokens with a prompt."""

    saved: SavedState
    shared: int
    """Leading tokens in common; the prompt's last token is left to evaluate."""

    @property
    def whole(self) -> bool:
        """Whether the prompt begins with all of the state's tokens."""
        return self.shared == len(self.saved.tokens)


class StateSaver:
    """The files of one model and expert count. Used by the decoding thread; another one writes."""

    def __init__(self, saving: StateSaving, origin: StateOrigin) -> None:
        self._folder = SavedFolder(saving.folder)
        self._max_bytes = saving.max_bytes
        self._origin = origin
        self._writer = ThreadPoolExecutor(1, "leanwide-places")

    def best_match(self, tokens: Sequence[int]) -> SavedMatch | None:
        """Return the state that shares the most leading tokens with a prompt; None if none does."""
        limit = len(tokens) - 1
        matches = [
            SavedMatch(saved, min(common_prefix(saved.tokens, tokens), limit))
            for saved in self._folder.states()
            if saved.header.origin == self._origin
        ]
        best = max(matches, key=lambda match: match.shared, default=None)
        return best if best is not None and best.shared > 0 else None

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

    def read(self, match: SavedMatch) -> bytearray | None:
        """Return the bytes of a state; None if the file is gone or damaged."""
        return self._folder.read(match.saved)

    def remove(self, match: SavedMatch) -> None:
        """Remove a state that llama.cpp rejects."""
        self._folder.remove(match.saved)

    def write(
        self, save: SaveRequest, tokens: Sequence[int], ms_per_token: float, state: bytearray
    ) -> Future[None] | None:
        """Start to write a state; None if the disk is no faster than prefilling its tokens."""
        if len(tokens) * ms_per_token <= _break_even_ms(len(state)):
            return None
        snapshot = tuple(tokens)  # the sequence changes meanwhile
        return self._writer.submit(self._write, save, snapshot, ms_per_token, state)

    def _write(
        self, save: SaveRequest, tokens: Sequence[int], ms_per_token: float, state: bytearray
    ) -> None:
        header = make_header(self._origin, tokens, ms_per_token, save.note, state)
        self._folder.write(save.name, header, state, self._max_bytes)

    def delete(self, save: SaveRequest) -> None:
        """Remove what is saved under a name."""
        self._folder.delete(save.name)


def _break_even_ms(state_bytes: int) -> float:
    """Return the milliseconds of prefill that pay for reading ``state_bytes`` from a slow disk."""
    return _MIN_SPEEDUP * state_bytes / _DISK_BYTES_PER_MS
