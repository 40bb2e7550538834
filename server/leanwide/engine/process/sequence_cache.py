"""Which tokens the KV cache holds: pure bookkeeping over token lists.

A prompt goes to the sequence that shares the longest prefix with it; only what follows is
evaluated. Where little is shared, another sequence takes the prompt and the common part is copied,
so that going back to the earlier prompt costs nothing. A sequence that holds the beginning of many
prompts is only ever copied from.
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
    shared_prefix: bool = False
    """It holds the beginning of prompts to come, which copy it."""


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

    def shared(self, tokens: Sequence[int]) -> int:
        """Return how many leading tokens of a prompt the sequence that holds most of them has."""
        held = (common_prefix(one.tokens, tokens) for one in self.sequences)
        return min(max(held, default=0), max(0, len(tokens) - 1))

    def claim(self, tokens: Sequence[int]) -> Claim | None:
        """Find the place for a prompt and mark it busy; None while every sequence is busy.

        At least the prompt's last token is left to evaluate, because its logits are needed.
        """
        return self._claim(tokens, _place)

    def claim_spare(self, tokens: Sequence[int]) -> Claim | None:
        """Like :meth:`claim`, but of the sequence that is most like the prompt nothing is lost."""
        return self._claim(tokens, _spare_place)

    def claim_prefix(self, tokens: Sequence[int]) -> Claim | None:
        """Like :meth:`claim_spare`, for the beginning of prompts to come, which copy it."""
        claim = self._claim(tokens, _prefix_place)
        if claim is not None:
            claim.sequence.shared_prefix = True
        return claim

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
        if source.shared_prefix:
            source.used = self._clock
        target.busy, target.shared_prefix = True, False
        if shared[source.number] > shared[target.number]:
            keep, copy_from = shared[source.number], source.number
            target.tokens[:] = tokens[:keep]
        else:
            keep, copy_from = shared[target.number], None
            del target.tokens[keep:]
        return Claim(target, keep, copy_from)


def _place(free: list[CachedSequence], shared: Shared) -> CachedSequence:
    """The sequence most like the prompt, unless that loses more than half of what it holds."""
    own = [sequence for sequence in free if not sequence.shared_prefix]
    nearest = max(own, key=lambda sequence: shared[sequence.number], default=None)
    if nearest is not None and _is_like(nearest, shared[nearest.number]):
        return nearest
    unneeded = [one for one in free if not (one.shared_prefix and shared[one.number])]
    return _oldest(unneeded or free)


def _spare_place(free: list[CachedSequence], shared: Shared) -> CachedSequence:
    """An older version of the prompt rather than the prompt of another document."""
    own = [sequence for sequence in free if not sequence.shared_prefix]
    return _older_version(own, free, shared)


def _prefix_place(free: list[CachedSequence], shared: Shared) -> CachedSequence:
    """An older version of the same prefix rather than anything else."""
    prefixes = [sequence for sequence in free if sequence.shared_prefix]
    like = [one for one in prefixes if _is_like(one, shared[one.number])]
    if like:
        return max(like, key=lambda sequence: shared[sequence.number])
    return _older_version([], free, shared)


def _older_version(
    versions: list[CachedSequence], free: list[CachedSequence], shared: Shared
) -> CachedSequence:
    """The sequence among versions that the prompt goes on with, or that is most like it.

    Of the one most like the prompt nothing is lost. Without another version, the oldest goes.
    """
    nearest = max(free, key=lambda sequence: shared[sequence.number])
    if nearest in versions and 0 < shared[nearest.number] == len(nearest.tokens):
        return nearest
    others = [sequence for sequence in free if sequence is not nearest] or free
    like = [one for one in others if one in versions and _is_like(one, shared[one.number])]
    empty = [one for one in others if not one.tokens]
    return _oldest(like or empty or others)


def _is_like(sequence: CachedSequence, shared: int) -> bool:
    """Whether a prompt in place of the sequence loses less than half of what it holds."""
    return shared > 0 and 2 * shared >= len(sequence.tokens)


def _oldest(sequences: Sequence[CachedSequence]) -> CachedSequence:
    """The least recently used sequence, an empty one first."""
    return min(sequences, key=lambda sequence: (bool(sequence.tokens), sequence.used))
