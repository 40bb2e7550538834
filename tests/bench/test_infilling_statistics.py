"""Intervals of shares and of differences."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide_bench.infilling.statistics import PairedTask, compare, mcnemar, wilson


@pytest.mark.parametrize(
    ("solved", "tasks", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_intervals_are_wilsons(solved: int, tasks: int, low: float, high: float):
    """The last row is Newcombe's example (1998), 0.2553 to 0.3662."""
    found = wilson(solved, tasks)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


@given(st.integers(1, 2000), st.data())
def test_a_share_lies_in_its_interval(tasks: int, data: st.DataObject):
    found = wilson(data.draw(st.integers(0, tasks)), tasks)
    assert 0.0 <= found.low <= found.share <= found.high <= 1.0


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"),
    [(0, 0, 1.0), (1, 1, 1.0), (0, 6, 0.03125), (6, 0, 0.03125), (2, 10, 0.03857421875)],
)
def test_mcnemars_test_is_exact(only_first: int, only_second: int, p: float):
    assert mcnemar(only_first, only_second) == pytest.approx(p)


def test_settings_that_solve_the_same_tasks_do_not_differ():
    pairs = [PairedTask(cluster=str(n), first=n % 2 == 0, second=n % 2 == 0) for n in range(20)]
    found = compare(pairs)
    assert (found.difference, found.low, found.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_tasks_of_one_problem_count_less_than_independent_ones():
    draw = random.Random(3)
    gains = [draw.random() < 0.5 for _ in range(20)]
    together = [
        PairedTask(cluster=str(problem), first=not gain, second=gain)
        for problem, gain in enumerate(gains)
        for _ in range(10)
    ]
    apart = [
        PairedTask(cluster=str(number), first=each.first, second=each.second)
        for number, each in enumerate(together)
    ]
    wide, narrow = compare(together), compare(apart)
    assert wide.difference == narrow.difference
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
    assert wide.low <= wide.difference <= wide.high


@pytest.mark.parametrize("measure", [lambda: wilson(0, 0), lambda: compare([])])
def test_nothing_has_no_interval(measure):
    with pytest.raises(ValueError, match="no tasks"):
        measure()
