from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.process.draft_length import LONGEST, DraftLength, StepCosts
from leanwide.engine.process.drafting import NGRAM, DraftIndex

CODE = tuple(range(100, 160))
OTHER = tuple(range(300, 340))


def after(answer: Iterable[int], *drafts: tuple[int, ...]) -> list[int]:
    index = DraftIndex(drafts or (CODE, OTHER))
    for token in answer:
        index.add(token)
    return index.following(4)


# Which tokens follow


@pytest.mark.parametrize(
    ("answer", "following"),
    [
        ((), []),
        ((1, 2, 3), []),
        ((1, *CODE[:2]), [102, 103, 104, 105]),  # its beginning
        ((1, *CODE[20 : 20 + NGRAM - 1]), []),
        ((1, *CODE[20 : 20 + NGRAM]), [128, 129, 130, 131]),
        ((1, *OTHER[5 : 5 + NGRAM]), [313, 314, 315, 316]),
        (CODE[:58], [158, 159]),
        (CODE, []),
        ((*CODE, 1), []),
    ],
)
def test_what_follows_in_a_draft_is_proposed(answer, following):
    assert after(answer) == following


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param((*CODE[:20], 7, *CODE[21:24]), id="replaced"),
        pytest.param((*CODE[:20], 7, 8, 9, *CODE[21:24]), id="replaced by more"),
        pytest.param((*CODE[:15], *CODE[21:24]), id="left out"),
        pytest.param((*CODE[:21], 7, *CODE[21:24]), id="inserted"),
    ],
)
def test_after_a_change_the_answer_goes_on_in_its_draft(changed):
    assert after(changed) == [124, 125, 126, 127]


def test_a_repeated_passage_goes_on_where_it_stands():
    """Of two places with the same tokens, the answer is followed to the one that it reached."""
    twice = (*CODE[:20], 1, 2, 3, *CODE[:20], 4, 5, 6)
    assert after(twice[:43], twice) == [4, 5, 6]


@given(
    drafts=st.lists(st.lists(st.integers(0, 3), max_size=40), max_size=3),
    answer=st.lists(st.integers(0, 3), max_size=60),
)
def test_whatever_is_proposed_stands_in_a_draft_after_the_last_token(drafts, answer):
    index = DraftIndex(drafts)
    for token in answer:
        index.add(token)
        if following := index.following(5):
            found = [token, *following]
            assert any(
                draft[at : at + len(found)] == found for draft in drafts for at in range(len(draft))
            )


# How many of them


def costs(**ms: float) -> StepCosts:
    known = StepCosts()
    for name, value in ms.items():
        known.learn(int(name[1:]), value)
    return known


def test_drafts_that_are_accepted_grow_and_others_shrink():
    length = DraftLength(StepCosts())
    lengths = []
    for share in (1, 1, 1, 0.6, 0.4, 0.0, 0.0, 0.0, 0.0, 1):
        lengths.append(length.choose(100))
        length.verified(lengths[-1], int(share * lengths[-1]))
    assert lengths == [15, 31, 63, 63, 63, 31, 15, 7, 3, 3]
    assert length.choose(100) == 7
    assert length.choose(2) == 2


def test_steps_between_known_sizes_are_estimated():
    known = costs(_1=10, _16=40)
    times = known.up_to(8)
    assert times is not None
    assert list(times[[0, 7]]) == pytest.approx([10, 24])
    assert known.up_to(64) is None
    assert costs(_16=40).up_to(8) is None


def test_a_draft_is_as_long_as_what_it_brings_is_worth():
    """Where half of the tokens are right, long drafts waste time that short ones do not."""
    cheap, dear, useless = (
        DraftLength(costs(_1=10, _4=four, _16=sixteen, _64=4 * sixteen))
        for four, sixteen in ((12, 20), (22, 170), (40, 170))
    )
    for length in (cheap, dear, useless):
        for _ in range(20):
            length.verified(8, 4)
    assert cheap.choose(15) > dear.choose(15) > 0
    assert useless.choose(15) == 0


def test_the_longest_step_stays_measured_after_shorter_ones_of_its_size():
    length = DraftLength(costs(_1=10, _16=400, _11=300))
    assert length.choose(15) == 0


def test_an_answer_that_follows_its_draft_is_drafted_in_the_longest_steps():
    length = DraftLength(costs(_1=10, _4=30, _16=90, _64=260))
    for _ in range(8):
        chosen = length.choose(200)
        length.verified(chosen, chosen)
    assert length.choose(200) == LONGEST


def test_where_it_does_not_pay_it_is_tried_again_later_and_then_less_often():
    length = DraftLength(costs(_1=10, _4=39, _16=500, _64=2000))
    for _ in range(10):
        length.verified(1, 0)
    tries = []
    for number in range(400):
        if chosen := length.choose(15):
            assert chosen <= 3
            tries.append(number)
            length.verified(chosen, 0)
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert 2 < len(tries) < 10
    assert gaps == sorted(gaps)


@given(st.lists(st.tuples(st.integers(0, 200), st.floats(0, 1), st.floats(0.01, 1e4)), max_size=60))
def test_no_draft_is_longer_than_what_is_there_or_than_a_batch(history):
    known = StepCosts()
    length = DraftLength(known)
    for available, share, ms in history:
        chosen = length.choose(available)
        assert 0 <= chosen <= min(available, LONGEST)
        known.learn(chosen + 1, ms)
        if chosen:
            length.verified(chosen, int(share * chosen))
