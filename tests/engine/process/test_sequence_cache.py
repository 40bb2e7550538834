"""The bookkeeping of the KV cache."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from leanwide.engine.process.sequence_cache import Claim, SequenceCache, common_prefix

PROMPTS = st.lists(st.integers(0, 2), min_size=1, max_size=12)


class Cache(RuleBasedStateMachine):
    """Claims sequences as a lane does, and keeps its own record of their tokens."""

    running = Bundle("running")

    @initialize(count=st.integers(1, 4))
    def open(self, count: int) -> None:
        self.cache = SequenceCache(count)
        self.held: dict[int, list[int]] = {number: [] for number in range(count)}
        self.busy: set[int] = set()

    @rule(target=running, tokens=PROMPTS, answer=PROMPTS, spare=st.booleans())
    def claim(self, *, tokens: list[int], answer: list[int], spare: bool):
        before = {number: list(held) for number, held in self.held.items()}
        claim = self.cache.claim_spare(tokens) if spare else self.cache.claim(tokens)
        if claim is None:
            assert len(self.busy) == len(self.held), "a free sequence was not claimed"
            return multiple()
        number = claim.sequence.number
        assert number not in self.busy, "a busy sequence was claimed"
        source = number if claim.copy_from is None else claim.copy_from
        assert claim.keep <= common_prefix(before[source], tokens)
        assert claim.keep < len(tokens), "no token is left whose logits could be read"
        assert claim.keep == max(
            min(common_prefix(held, tokens), len(tokens) - 1) for held in before.values()
        ), "another sequence had more of the prompt"
        self.busy.add(number)
        self.held[number] = tokens[: claim.keep]
        return claim, tokens + answer

    @rule(running=consumes(running))
    def finish(self, running: tuple[Claim, list[int]]) -> None:
        claim, tokens = running
        claim.sequence.tokens.extend(tokens[claim.keep :])
        claim.sequence.busy = False
        self.held[claim.sequence.number] = list(tokens)
        self.busy.remove(claim.sequence.number)

    @invariant()
    def agree(self) -> None:
        for sequence in getattr(self, "cache", SequenceCache(0)).sequences:
            assert sequence.tokens == self.held[sequence.number]
            assert sequence.busy == (sequence.number in self.busy)


TestCache = Cache.TestCase
TestCache.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def complete(cache: SequenceCache, tokens: list[int]) -> int:
    """Claim, evaluate and finish; return how many tokens were cached."""
    claim = cache.claim(tokens)
    assert claim is not None
    claim.sequence.tokens[:] = tokens
    claim.sequence.busy = False
    return claim.keep


@given(st.permutations(range(4)), st.integers(2, 9))
def test_returning_to_a_prompt_is_free_while_there_is_a_sequence_for_each(order, size):
    cache = SequenceCache(4)
    prompts = [[number * 100 + at for at in range(size)] for number in range(4)]
    assert [complete(cache, prompt) for prompt in prompts] == [0, 0, 0, 0]
    assert [complete(cache, prompts[number]) for number in order] == [size - 1] * 4


@given(st.lists(PROMPTS, min_size=1, max_size=6), PROMPTS)
def test_background_work_spares_the_prompt_most_like_its_own(prompts, spare):
    cache = SequenceCache(3)
    for prompt in prompts:
        complete(cache, prompt)
    before = [
        (list(sequence.tokens), min(common_prefix(sequence.tokens, spare), len(spare) - 1))
        for sequence in cache.sequences
    ]
    claim = cache.claim_spare(spare)
    assert claim is not None
    held, shared = before[claim.sequence.number]
    others = [at for at in range(3) if at != claim.sequence.number]
    assert held == held[:shared] or max(before[at][1] for at in others) >= shared


CLAIMS = (SequenceCache.claim_spare, SequenceCache.claim_prefix, SequenceCache.claim_for_score)


@given(
    st.lists(PROMPTS, min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from(CLAIMS), PROMPTS), max_size=8),
    st.integers(2, 4),
)
def test_the_prompt_in_use_outlives_any_background_work(prompts, background, count):
    cache = SequenceCache(count)
    for prompt in prompts:
        complete(cache, prompt)
    for claim_for, tokens in background:
        claim = claim_for(cache, tokens)
        assert claim is not None
        claim.sequence.tokens[:] = tokens
        claim.sequence.busy = False
        assert cache.longest_prefix(prompts[-1]) == len(prompts[-1]) - 1


def test_background_work_keeps_the_prompt_of_another_document():
    cache = SequenceCache(4)
    document, other = list(range(100)), list(range(500, 600))
    complete(cache, other)
    for key in range(20):
        typed = [*document, *range(1000, 1000 + key)]
        complete(cache, typed)
        claim = cache.claim_spare([*typed[:90], 2000 + key])
        assert claim is not None
        claim.sequence.tokens[:] = [*typed[:90], 2000 + key]
        claim.sequence.busy = False
    assert complete(cache, other) == len(other) - 1


@given(st.lists(PROMPTS, min_size=1, max_size=6), st.lists(PROMPTS, min_size=1, max_size=6))
def test_scores_in_a_row_take_one_sequence_and_not_the_prompt_that_theirs_extend(prompts, scored):
    cache = SequenceCache(3)
    for prompt in prompts:
        complete(cache, prompt)
    newest = list(prompts[-1])
    taken = set()
    for text in scored:
        claim = cache.claim_for_score([*newest, *text])
        assert claim is not None
        claim.sequence.tokens[:] = [*newest, *text]
        claim.sequence.busy = False
        taken.add(claim.sequence.number)
    assert len(taken) == 1
    others = [sequence for sequence in cache.sequences if sequence.number not in taken]
    assert any(sequence.tokens == newest for sequence in others)


def test_the_least_recently_used_prompt_is_evicted():
    cache = SequenceCache(2)
    first, second, third = [1, 2, 3], [4, 5, 6], [7, 8, 9]
    complete(cache, first)
    complete(cache, second)
    complete(cache, first)
    complete(cache, third)
    assert complete(cache, first) == 2
    assert complete(cache, second) == 0


def test_a_prompt_that_shares_little_keeps_the_earlier_one():
    cache = SequenceCache(2)
    long = [1, 2, *range(100, 120)]
    complete(cache, long)
    assert complete(cache, [1, 2, 3, 4]) == 2
    assert complete(cache, long) == len(long) - 1


def test_the_beginning_of_a_running_prompt_is_copied():
    cache = SequenceCache(2)
    running = cache.claim([1, 2, 3])
    assert running is not None
    running.sequence.tokens[:] = [1, 2, 3]
    claim = cache.claim([1, 2, 3, 4])
    assert claim is not None
    assert (claim.keep, claim.copy_from) == (3, running.sequence.number)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [([], [], 0), ([], [1], 0), ([1], [2], 0), ([1, 2], [1, 2], 2), ([1, 2, 3], [1, 2, 4], 2)],
)
def test_common_prefix(left, right, expected):
    assert common_prefix(left, right) == common_prefix(right, left) == expected
