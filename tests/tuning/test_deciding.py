"""Decisions from paired measurements."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from leanwide.tuning.deciding import ENOUGH, PairedSample, best_or_usual, judge, loss


def measured(levels, holes, noise=0.02, seed=1):
    """Holes of very different difficulty, on which each setting costs its level times that."""
    draw = random.Random(seed)
    hardness = [draw.uniform(5, 200) for _ in range(holes)]
    return {
        setting: {
            str(hole): PairedSample(40, hard * level * draw.gauss(1, noise))
            for hole, hard in enumerate(hardness)
        }
        for setting, level in levels.items()
    }


def verdict(levels, holes=200, tolerance=0.02, **wishes):
    return judge(sorted(levels), measured(levels, holes, **wishes), tolerance)


def test_the_cheapest_setting_within_the_tolerance_is_chosen():
    found = verdict({1: 1.05, 2: 1.01, 4: 1.0, 8: 1.01})
    assert (found.best, found.chosen, found.clear) == (4, 2, True)
    assert found.beyond(1)
    assert found.live == (4,)


def test_what_is_not_certain_is_not_chosen():
    """A cheap setting near the edge of the tolerance stays open, and the choice is not clear."""
    found = verdict({1: 1.019, 2: 1.0}, noise=0.1)
    assert (found.chosen, found.open, found.clear) == (2, (1,), False)
    assert found.live == (1, 2)


def test_a_few_holes_decide_nothing():
    found = verdict({1: 1.0, 2: 1.5}, holes=ENOUGH - 1)
    assert not found.enough
    assert not found.clear
    assert found.live == (1, 2)


def test_nothing_measured_is_no_error():
    found = judge([1, 2], {1: {}, 2: {}}, 0.02)
    assert not found.clear


def test_more_experts_than_trained_are_taken_only_when_they_are_certainly_better():
    for level, expected in ((0.95, 16), (0.9999, 8)):
        evidence = measured({8: 1.0, 16: level}, 100)
        assert best_or_usual(judge([8, 16], evidence, 0.02), evidence, usual=8) == expected


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 300))
def test_an_interval_holds_its_mean_and_narrows(seed, holes):
    evidence = measured({1: 1.02, 2: 1.0}, holes, seed=seed)
    found = loss(evidence[1], evidence[2])
    assert found.low <= found.mean <= found.high
    assert found.places == holes
    assert loss(evidence[2], evidence[2]).mean == 0.0


def test_intervals_hold_at_every_look():
    """Of 200 runs that are looked at after each hole, few are ever wrong; 5 % is the promise."""
    wrong = 0
    for seed in range(200):
        evidence = measured({1: 1.0, 2: 1.0}, 120, noise=0.3, seed=seed)
        for looked in range(ENOUGH, 120, 4):
            holes = [str(hole) for hole in range(looked)]
            one, two = ({hole: evidence[key][hole] for hole in holes} for key in (1, 2))
            found = loss(one, two)
            if found.low > 0 or found.high < 0:
                wrong += 1
                break
    assert wrong <= 20
