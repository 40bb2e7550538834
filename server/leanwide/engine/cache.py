"""Which tokens the KV cache holds: pure bookkeeping over token lists.

A prompt goes to the sequence that shares the longest prefix with it; only what follows is
evaluated. Where little is shared, another sequence takes the prompt and the common part is copied,
so that going back to the earlier prompt costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile

from attrs import define, field, frozen


@define
class CachedSequence:
    """One sequence of the KV cache."""

    number: int
    tokens: list[int] = field(factory=list)
    """What is evaluated, in order."""
    used: int = 0
    """When it was last claimed, on the cache's own clock."""
    busy: bool = False
    """A generation is writing to it."""


@frozen
class Claim:
    """Where a prompt goes and what of it is there already."""

    sequence: CachedSequence
    keep: int
    """Tokens of the sequence that stay; the rest must be removed from the KV cache."""
    copy_from: int | None
    """The sequence whose first ``keep`` tokens must be copied over; None where none must."""


Shared = Mapping[int, int]
"""Tokens that a prompt shares with each sequence, by its number."""

Place = Callable[[list["CachedSequence"], Shared], "CachedSequence"]
"""Picks the sequence that a prompt goes to, among those that are free."""


def common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    """Count the leading tokens that both lists share."""
    shorter = min(len(left), len(right))
    if left[:shorter] == right[:shorter]:
        return shorter
    pairs = zip(left, right, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


class SequenceCache:
    """The sequences of one lane, least recently used goes first."""

    def __init__(self, count: int) -> None:
        self.sequences = tuple(CachedSequence(number) for number in range(count))
        self._clock = 0

    def claim(self, tokens: Sequence[int]) -> Claim | None:
        """Find the place for a prompt and mark it busy; None while every sequence is busy.

        At least the prompt's last token is left to evaluate, because its logits are needed.
        """
        return self._claim(tokens, self._place)

    def claim_spare(self, tokens: Sequence[int]) -> Claim | None:
        """Like :meth:`claim`, but of the sequence that is most like the prompt nothing is lost."""
        return self._claim(tokens, self._spare_place)

    @staticmethod
    def _place(free: list[CachedSequence], shared: Shared) -> CachedSequence:
        """The sequence most like the prompt, unless that loses more than half of what it holds."""
        nearest = max(free, key=lambda sequence: shared[sequence.number])
        return nearest if _is_like(nearest, shared[nearest.number]) else _oldest(free)

    @staticmethod
    def _spare_place(free: list[CachedSequence], shared: Shared) -> CachedSequence:
        """An older version of the prompt rather than the prompt of another document."""
        nearest = max(free, key=lambda sequence: shared[sequence.number])
        if 0 < shared[nearest.number] == len(nearest.tokens):
            return nearest
        others = [sequence for sequence in free if sequence is not nearest] or free
        like = [one for one in others if not one.tokens or _is_like(one, shared[one.number])]
        return _oldest(like or others)

    def _claim(self, tokens: Sequence[int], place: Place) -> Claim | None:
        free = [sequence for sequence in self.sequences if not sequence.busy]
        if not free:
            return None
        limit = len(tokens) - 1
        shared = {
            sequence.number: min(common_prefix(sequence.tokens, tokens), limit)
            for sequence in self.sequences
        }
        target = place(free, shared)
        source = max(self.sequences, key=lambda sequence: shared[sequence.number])
        self._clock += 1
        target.used = self._clock
        target.busy = True
        if shared[source.number] > shared[target.number]:
            keep, copy_from = shared[source.number], source.number
            target.tokens[:] = tokens[:keep]
        else:
            keep, copy_from = shared[target.number], None
            del target.tokens[keep:]
        return Claim(target, keep, copy_from)


def _is_like(sequence: CachedSequence, shared: int) -> bool:
    """Whether a prompt in place of the sequence loses less than half of what it holds."""
    return shared > 0 and 2 * shared >= len(sequence.tokens)


def _oldest(sequences: Sequence[CachedSequence]) -> CachedSequence:
    """The least recently used sequence, an empty one first."""
    return min(sequences, key=lambda sequence: (bool(sequence.tokens), sequence.used))
