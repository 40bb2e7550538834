"""What of a lane's KV cache is kept on disk, and when it is taken from there.

Both go by time that was measured. A state is written where reading what no file holds of it took a
second or more: a small model never gets there. And it is of use where reading takes clearly longer
than a slow disk does: megabytes a token cost more to load than a fast GPU needs to compute them.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from attrs import frozen

from leanwide.engine.base import SaveRequest, StateSaving
from leanwide.engine.process.sequence_cache import common_prefix
from leanwide.engine.saved_states import SavedFolder, SavedState, StateOrigin, head_of

_WORTH_MS: Final = 1000.0
"""Milliseconds of reading that no file holds yet: less is not worth the wear of a disk."""
_DISK_BYTES_PER_MS: Final = 100_000.0
"""What a slow disk reads."""
_CLEARLY: Final = 2.0
"""So many times longer is clearly longer."""


@frozen
class SavedMatch:
    """A state on disk that begins as a prompt does."""

    saved: SavedState
    shared: int
    """Leading tokens that both share; the prompt's last one is left to evaluate."""

    @property
    def whole(self) -> bool:
        """Whether the prompt begins with all of it."""
        return self.shared == len(self.saved.tokens)


class StateSaver:
    """The files of one model at one width. Used by the decoding thread; another one writes."""

    def __init__(self, saving: StateSaving, origin: StateOrigin) -> None:
        self._folder = SavedFolder(saving.folder)
        self._most_bytes = saving.most_bytes
        self._origin = origin
        self._writer = ThreadPoolExecutor(1, "leanwide-places")

    def nearest(self, tokens: Sequence[int]) -> SavedMatch | None:
        """Give the state that shares the most leading tokens with a prompt; None: none does."""
        limit = len(tokens) - 1
        found = [
            SavedMatch(saved, min(common_prefix(saved.tokens, tokens), limit))
            for saved in self._folder.states()
            if saved.head.origin == self._origin
        ]
        nearest = max(found, key=lambda one: one.shared, default=None)
        return nearest if nearest is not None and nearest.shared > 0 else None

    def saving_time(self, tokens: Sequence[int], held: int) -> SavedMatch | None:
        """Give the state that saves time for a prompt whose first ``held`` tokens are in memory."""
        found = self.nearest(tokens)
        if found is None:
            return None
        head = found.saved.head
        saves = (found.shared - held) * head.ms_per_token
        return found if saves > _restoring_ms(head.state_bytes) else None

    def wants(self, tokens: Sequence[int], ms_per_token: float) -> bool:
        """Whether reading what no file holds of a sequence takes long, at such a speed."""
        found = self.nearest(tokens)
        known = found.shared if found is not None else 0
        return (len(tokens) - known) * ms_per_token >= _WORTH_MS

    def read(self, found: SavedMatch) -> bytearray | None:
        """Give the bytes of a state; None where it is gone or damaged."""
        return self._folder.read(found.saved)

    def refuse(self, found: SavedMatch) -> None:
        """Remove a state that llama.cpp does not take."""
        self._folder.remove(found.saved)

    def write(
        self, keep: SaveRequest, tokens: Sequence[int], ms_per_token: float, state: bytearray
    ) -> Future[None] | None:
        """Begin to write a state; None where the disk is no faster than reading the tokens."""
        if len(tokens) * ms_per_token <= _restoring_ms(len(state)):
            return None
        ids = tuple(tokens)  # they go on changing
        return self._writer.submit(self._write, keep, ids, ms_per_token, state)

    def _write(
        self, keep: SaveRequest, tokens: Sequence[int], ms_per_token: float, state: bytearray
    ) -> None:
        head = head_of(self._origin, tokens, ms_per_token, keep.note, state)
        self._folder.write(keep.name, head, state, self._most_bytes)

    def drop(self, keep: SaveRequest) -> None:
        """Remove what is kept under a name."""
        self._folder.drop(keep.name)


def _restoring_ms(state_bytes: int) -> float:
    """Milliseconds of reading that pay for reading so many bytes from a slow disk."""
    return _CLEARLY * state_bytes / _DISK_BYTES_PER_MS
