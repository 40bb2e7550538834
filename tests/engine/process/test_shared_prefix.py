"""Prompts that begin as others do: they are read once, and copied from."""

from __future__ import annotations

import pytest

from leanwide.engine.process.sequence_cache import CachedSequence, SequenceCache

PAGE = list(range(1000, 1400))


def finished(cache: SequenceCache, tokens: list[int], claim_name: str = "claim") -> CachedSequence:
    """Have a prompt evaluated in the sequence that it gets."""
    claim = getattr(cache, claim_name)(tokens)
    claim.sequence.tokens[:] = tokens
    claim.sequence.busy = False
    return claim.sequence


@pytest.mark.parametrize("claim", ["claim", "claim_spare"])
def test_a_prompt_copies_a_page_and_leaves_it_as_it_is(claim: str):
    cache = SequenceCache(4)
    page = finished(cache, PAGE, "claim_prefix")
    for place in (300, 100, 390):
        sequence = finished(cache, [*PAGE[:place], 1, 2, 3], claim)
        assert sequence is not page
        assert page.tokens == PAGE
        assert cache.longest_prefix([*PAGE[:200], 7]) == 200


def test_a_page_that_was_edited_takes_its_own_place():
    cache = SequenceCache(4)
    page = finished(cache, PAGE, "claim_prefix")
    other = finished(cache, [1, 2, 3])
    assert finished(cache, [*PAGE[:250], *range(150)], "claim_prefix") is page
    assert other.tokens == [1, 2, 3]


def test_a_page_goes_when_it_was_used_least_recently():
    cache = SequenceCache(3)
    page = finished(cache, PAGE, "claim_prefix")
    finished(cache, [1, 2, 3])
    finished(cache, [4, 5, 6])
    finished(cache, [*PAGE[:300], 9])  # which uses the page, and takes the oldest other place
    assert page.tokens == PAGE
    for number in range(3):
        finished(cache, [50 + number, 60, 70])
    assert page.tokens != PAGE
    assert not page.shared_prefix
