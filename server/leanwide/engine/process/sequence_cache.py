"""Which tokens the sequences of a KV cache hold: pure bookkeeping over token lists.

A prompt goes to the sequence with the longest common prefix; only the rest is evaluated. Where
little is common, another sequence takes the prompt and the common part is copied, so that the
earlier prompt stays cached. A shared prefix, the beginning of several prompts, is only copied from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import takewhile
from typing import Final

from attrs import define, field, frozen

from leanwide.engine.process.checkpoints import Checkpoint, reachable


@define
class CachedSequence:
    """One sequence of the KV cache."""

    number: int
    tokens: list[int] = field(factory=list)
    """The evaluated tokens, in order."""
    used: int = 0
    """When it was last claimed, on the cache's own clock."""
    busy: bool = False
    """A generation is writing to it."""
    shared_prefix: bool = False
    """It holds the beginning of other prompts, which copy it."""
    scored: bool = False
    """It holds a text that was scored: nothing is asked behind it again."""
    cut_from: int = 0
    """It can be cut to this many tokens or more; to fewer only at a checkpoint."""
    checkpoints: list[Checkpoint] = field(factory=list)
    """Ascending by their length."""

    @property
    def newest_checkpoint(self) -> int:
        """The length of the newest checkpoint; 0 where there is none."""
        return self.checkpoints[-1].length if self.checkpoints else 0

    def common(self, tokens: Sequence[int]) -> int:
        """Return how many leading tokens of a prompt can be kept of it.

        The prompt's last token is not counted: its logits are needed.
        """
        shared = min(common_prefix(self.tokens, tokens), max(0, len(tokens) - 1))
        return reachable(shared, self.cut_from, [known.length for known in self.checkpoints])


@frozen
class Claim:
    """The sequence that a prompt goes to, and what of the prompt is cached already."""

    sequence: CachedSequence
    keep: int
    """Tokens of the sequence that stay; the rest must be removed from the KV cache."""
    copy_from: int | None
    """The sequence whose first ``keep`` tokens must be copied over; None: no copy."""


_MAX_OLDER: Final = 1.25
"""An older version of a prefix is at most this many times as long; a longer one is another's."""

Common = Mapping[int, int]
"""Sequence number → length of its common prefix with a prompt, in tokens."""

Choice = Callable[[list["CachedSequence"], Common], "CachedSequence"]
"""Chooses the sequence that a prompt goes to, among the free ones."""


def common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    """Return the number of leading tokens that both lists share."""
    shorter = min(len(left), len(right))
    if left[:shorter] == right[:shorter]:
        return shorter
    pairs = zip(left, right, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


class SequenceCache:
    """The sequences of one lane; the least recently used is evicted first."""

    def __init__(self, count: int) -> None:
        self.sequences = tuple(CachedSequence(number) for number in range(count))
        self._clock = 0
        self._in_use: CachedSequence | None = None
        """Holds the newest prompt that a request waited for."""

    def longest_prefix(self, tokens: Sequence[int]) -> int:
        """Return how many leading tokens of a prompt the best sequence keeps for it."""
        return max((sequence.common(tokens) for sequence in self.sequences), default=0)

    def claim(self, tokens: Sequence[int]) -> Claim | None:
        """Choose a sequence for a prompt and mark it busy; None while every sequence is busy.

        At least the prompt's last token is left to evaluate, because its logits are needed.
        """
        claim = self._claim(tokens, _choose)
        if claim is not None:
            self._in_use = claim.sequence
        return claim

    def claim_spare(self, tokens: Sequence[int]) -> Claim | None:
        """Like :meth:`claim`, but the prompt in use and the one most like this lose no tokens."""
        return self._claim(tokens, self._sparing(_choose_spare))

    def claim_prefix(self, tokens: Sequence[int]) -> Claim | None:
        """Like :meth:`claim_spare`, for a shared prefix, which other prompts copy."""
        claim = self._claim(tokens, self._sparing(partial(_choose_for_prefix, len(tokens))))
        if claim is not None:
            claim.sequence.shared_prefix = True
        return claim

    def claim_for_score(self, tokens: Sequence[int]) -> Claim | None:
        """Like :meth:`claim_spare`, for a text that is scored; takes an earlier one's place."""
        claim = self._claim(tokens, self._sparing(_choose_for_score))
        if claim is not None:
            claim.sequence.scored = True
        return claim

    def _sparing(self, choose: Choice) -> Choice:
        """Return a choice that takes the prompt in use only to extend it, or where it is alone."""

        def chosen(free: list[CachedSequence], common: Common) -> CachedSequence:
            used = self._in_use
            others = [sequence for sequence in free if sequence is not used]
            extended = used is not None and 0 < common[used.number] == len(used.tokens)
            return choose(free if extended else others or free, common)

        return chosen

    def _claim(self, tokens: Sequence[int], choose: Choice) -> Claim | None:
        free = [sequence for sequence in self.sequences if not sequence.busy]
        if not free:
            return None
        common = {sequence.number: sequence.common(tokens) for sequence in self.sequences}
        target = choose(free, common)
        source = max(self.sequences, key=lambda sequence: common[sequence.number])
        self._clock += 1
        target.used = self._clock
        if source.shared_prefix:
            source.used = self._clock
        target.busy, target.shared_prefix, target.scored = True, False, False
        if common[source.number] > common[target.number]:
            keep, copy_from = common[source.number], source.number
            target.tokens[:] = tokens[:keep]
        else:
            keep, copy_from = common[target.number], None
            del target.tokens[keep:]
        return Claim(target, keep, copy_from)


def _choose(free: list[CachedSequence], common: Common) -> CachedSequence:
    """Choose the sequence most like the prompt, unless that loses over half of its tokens."""
    own = [sequence for sequence in free if not sequence.shared_prefix]
    nearest = max(own, key=lambda sequence: common[sequence.number], default=None)
    if nearest is not None and _is_like(nearest, common[nearest.number]):
        return nearest
    unneeded = [
        sequence for sequence in free if not (sequence.shared_prefix and common[sequence.number])
    ]
    return _least_recent(unneeded or free)


def _choose_spare(free: list[CachedSequence], common: Common) -> CachedSequence:
    """Choose an older version of the prompt before the prompt of another document."""
    own = [sequence for sequence in free if not sequence.shared_prefix]
    return _older_version(own, free, common)


def _choose_for_prefix(tokens: int, free: list[CachedSequence], common: Common) -> CachedSequence:
    """Choose an older version of a prefix of ``tokens`` tokens, which loses fewest."""
    like = [
        sequence
        for sequence in free
        if sequence.shared_prefix
        and _is_like(sequence, common[sequence.number])
        and len(sequence.tokens) <= _MAX_OLDER * tokens
    ]
    if like:
        return min(like, key=lambda sequence: len(sequence.tokens) - common[sequence.number])
    return _older_version([], free, common)


def _choose_for_score(free: list[CachedSequence], common: Common) -> CachedSequence:
    """Choose the sequence of an earlier score: of several scores in a row, one is kept."""
    earlier = [sequence for sequence in free if sequence.scored]
    return earlier[0] if earlier else _older_version([], free, common)


def _older_version(
    versions: list[CachedSequence], free: list[CachedSequence], common: Common
) -> CachedSequence:
    """Choose the version that the prompt extends, or else the one most like it.

    The sequence nearest to the prompt loses no tokens. Without another version, the least recently
    used sequence is chosen.
    """
    nearest = max(free, key=lambda sequence: common[sequence.number])
    if nearest in versions and 0 < common[nearest.number] == len(nearest.tokens):
        return nearest
    others = [sequence for sequence in free if sequence is not nearest] or free
    like = [
        sequence
        for sequence in others
        if sequence in versions and _is_like(sequence, common[sequence.number])
    ]
    empty = [sequence for sequence in others if not sequence.tokens]
    return _least_recent(like or empty or others)


def _is_like(sequence: CachedSequence, common: int) -> bool:
    """Whether a prompt that replaces the sequence keeps at least half of its tokens."""
    return common > 0 and 2 * common >= len(sequence.tokens)


def _least_recent(sequences: Sequence[CachedSequence]) -> CachedSequence:
    """Return the least recently used sequence, an empty one first."""
    return min(sequences, key=lambda sequence: (bool(sequence.tokens), sequence.used))
