"""Chooses the prefill chunk size: small while urgent requests arrive, large otherwise.

A long chunk uses what it reads from memory for more tokens, so the prompt is done sooner; but an
aborted chunk is lost. So a chunk is at most as long as all that was evaluated since the last abort:
compared with short chunks, at most half of that time is ever lost.
"""

from __future__ import annotations

from typing import Final

from leanwide.engine.requests import Priority
from leanwide.models.speed import SMALLEST_STEP, STEP_MS

_MAX_CHUNK_MS: Final = 10_000.0
"""No chunk takes longer, so that the engine never seems to hang."""
_MAX_ABORTED: Final = 4
"""Chunks aborted in a row; the next runs to its end, whatever is queued."""


class PrefillChunker:
    """Chunk sizes of a lane, from the speed of the last chunks and from how often they aborted."""

    def __init__(self, max_tokens: int, *, abortable: bool) -> None:
        """Begin with one short chunk that shows the speed.

        Args:
            max_tokens: Tokens of the longest chunk.
            abortable: A running chunk can be aborted; if not, all chunks are short.
        """
        self._max_tokens = max_tokens
        self._uninterrupted_tokens = max_tokens if abortable else 0
        """Tokens evaluated since the last abort; 0 where chunks cannot be aborted."""
        self._abortable = abortable
        self._aborted = 0
        """Chunks aborted since the last whole one."""
        self._tokens_per_ms = 0.0

    @property
    def short(self) -> int:
        """Tokens of a chunk of about ``STEP_MS``: an urgent request can wait for its end."""
        return self._tokens_in(STEP_MS)

    @property
    def long(self) -> int:
        """Tokens of a chunk that is aborted when a more urgent request arrives."""
        return max(self.short, min(self._uninterrupted_tokens, self._tokens_in(_MAX_CHUNK_MS)))

    @property
    def ms_per_token(self) -> float:
        """Milliseconds per prompt token in the last chunk; 0 before the first."""
        return 1 / self._tokens_per_ms if self._tokens_per_ms else 0.0

    def runs_to_completion(self, tokens: int, priority: Priority) -> bool:
        """Whether a chunk of ``tokens`` tokens is not aborted for a more urgent request.

        A short chunk for a completion ends soon, and the next keystroke needs its result. A
        keystroke does not need a question's, and on a slow machine even a short chunk takes a
        second.
        """
        if tokens > self.short:
            return False
        return priority is not Priority.COMMAND or self._aborted >= _MAX_ABORTED

    def completed(self, tokens: int, ms: float) -> None:
        """Record that a whole chunk took ``ms`` milliseconds."""
        self._aborted = 0
        if self._abortable:
            self._uninterrupted_tokens += tokens
        if tokens >= SMALLEST_STEP:
            self._tokens_per_ms = tokens / ms

    def aborted(self) -> None:
        """Record that a chunk was aborted."""
        self._uninterrupted_tokens = 0
        self._aborted += 1

    def _tokens_in(self, ms: float) -> int:
        """Return the tokens that take ``ms`` milliseconds; few while the speed is unknown."""
        return max(SMALLEST_STEP, min(self._max_tokens, int(self._tokens_per_ms * ms)))
