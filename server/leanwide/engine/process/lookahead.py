"""Evaluates an answer's tokens, with drafted ones behind them in the same step.

The logits after each are there then: while the model generates what was drafted, its next token
costs nothing. Where it generates another one, the rest of the draft is cut from the sequence, so
that the answer is what it would be without a draft.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

from attrs import frozen

from leanwide.engine.process.draft_length import LONGEST, DraftLength
from leanwide.engine.process.drafting import DraftIndex
from leanwide.engine.process.job import Job, Meter
from leanwide.engine.process.kv import KvCache
from leanwide.engine.process.sequence_cache import CachedSequence
from leanwide.engine.requests import Draft

_MAX_INDEXED: Final = 16_384
"""Tokens of drafts; an index of more would take longer than a step."""
_MAX_TOKEN_CHARACTERS: Final = 16
"""More characters than this for each of them are not tokenized."""


def index_drafts(drafts: Iterable[Draft], tokenize: Callable[[str], list[int]]) -> DraftIndex:
    """Return an index of drafts, as much of them as is worth it."""
    found, left = [], _MAX_INDEXED
    for draft in drafts:
        part = draft[: left * _MAX_TOKEN_CHARACTERS]
        tokens = (tokenize(part) if isinstance(part, str) else list(part))[:left]
        found.append(tokens)
        left -= len(tokens)
    return DraftIndex(found)


@frozen
class Drafting:
    """What proposes tokens for one answer."""

    index: DraftIndex
    length: DraftLength


class Lookahead:
    """The end of a sequence during a generation: evaluated tokens that are still to be generated.

    There are none of them while another job may run.
    """

    def __init__(
        self, kv: KvCache, sequence: CachedSequence, job: Job, meter: Meter, drafting: Drafting
    ) -> None:
        self._kv = kv
        self._sequence = sequence
        self._job = job
        self._meter = meter
        self._index = drafting.index
        self._length = drafting.length
        self._ahead: deque[int] = deque()
        """Tokens at the end of the sequence that the model has not generated yet."""
        self._drafted = 0
        """Tokens of the current draft."""

    def generated(self, token: int) -> None:
        """Add a generated token to what the answer is known to be."""
        self._index.add(token)

    def take(self, token: int) -> bool:
        """Whether the logits after a generated token are there already; they are current then."""
        if not self._ahead or self._ahead[0] != token:
            return False
        self._ahead.popleft()
        self._meter.accepted += 1
        self._kv.choose_row(len(self._ahead))
        return True

    def cut(self) -> None:
        """Remove what was drafted and not generated from the sequence."""
        if self._drafted:
            self._length.verified(self._drafted, self._drafted - len(self._ahead))
        if self._ahead:
            self._kv.cut(self._sequence, len(self._sequence.tokens) - len(self._ahead))
        self._ahead.clear()
        self._drafted = 0

    def evaluate(self, token: int, room: int) -> bool:
        """Evaluate a generated token, and up to ``room`` drafted ones.

        False: a more urgent request came, and nothing was evaluated.
        """
        draft = self._propose(room)
        if not draft:
            self._kv.append(self._sequence, [token], self._job.cancelled)
            return True
        if not self._kv.append_draft(self._sequence, [token, *draft], self._job):
            self._length.shorten()
            return False
        self._meter.drafted += len(draft)
        self._drafted = len(draft)
        self._ahead.extend(draft)
        return True

    def _propose(self, room: int) -> list[int]:
        most = min(room, LONGEST, self._kv.longest_draft)
        following = self._index.following(most)
        return list(islice(following, self._length.choose(len(following))))
