"""A shared prefix of several prompts is evaluated once and copied."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leanwide.engine.process.sequence_cache import CachedSequence, Claim, SequenceCache

PAGE = list(range(1000, 1400))
Claiming = Callable[[SequenceCache, list[int]], Claim | None]


def finished(
    cache: SequenceCache, tokens: list[int], claim: Claiming = SequenceCache.claim
) -> CachedSequence:
    """Evaluate a prompt and return its sequence."""
    claimed = claim(cache, tokens)
    assert claimed is not None
    claimed.sequence.tokens[:] = tokens
    claimed.sequence.busy = False
    return claimed.sequence


@pytest.mark.parametrize("claim", [SequenceCache.claim, SequenceCache.claim_spare])
def test_a_prompt_copies_a_page_and_leaves_it_as_it_is(claim: Claiming):
    cache = SequenceCache(4)
    page = finished(cache, PAGE, SequenceCache.claim_prefix)
    for place in (300, 100, 390):
        sequence = finished(cache, [*PAGE[:place], 1, 2, 3], claim)
        assert sequence is not page
        assert page.tokens == PAGE
        assert cache.longest_prefix([*PAGE[:200], 7]) == 200


def test_an_edited_page_replaces_its_older_version():
    cache = SequenceCache(4)
    page = finished(cache, PAGE, SequenceCache.claim_prefix)
    other = finished(cache, [1, 2, 3])
    assert finished(cache, [*PAGE[:250], *range(150)], SequenceCache.claim_prefix) is page
    assert other.tokens == [1, 2, 3]


def test_an_edited_page_does_not_replace_a_longer_one_that_begins_like_it():
    cache = SequenceCache(4)
    longer = finished(cache, [*PAGE, *range(900, 1_100)], SequenceCache.claim_prefix)
    page = finished(cache, [*PAGE[:380], 7], SequenceCache.claim_prefix)
    assert page is not longer
    assert finished(cache, [*PAGE[:330], 8], SequenceCache.claim_prefix) is page


def test_the_least_recently_used_page_is_evicted():
    cache = SequenceCache(3)
    page = finished(cache, PAGE, SequenceCache.claim_prefix)
    finished(cache, [1, 2, 3])
    finished(cache, [4, 5, 6])
    finished(cache, [*PAGE[:300], 9])  # uses the page and evicts the oldest other prompt
    assert page.tokens == PAGE
    for number in range(3):
        finished(cache, [50 + number, 60, 70])
    assert page.tokens != PAGE
    assert not page.shared_prefix
