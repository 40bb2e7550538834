"""The thread count follows the load of the machine."""

from __future__ import annotations

from collections import Counter

import pytest

from leanwide.engine.process.threads import ThreadChoice

QUIET = {8: 1.0, 4: 1.5, 1: 4.0}
BUSY = {8: 400.0, 4: 200.0, 1: 5.0}
"""Thread count → milliseconds per token."""


def decode(choice: ThreadChoice, cost: dict[int, float], steps: int) -> Counter[int]:
    """Decode ``steps`` tokens; return how often each count was picked."""
    picked: Counter[int] = Counter()
    for _ in range(steps):
        count = choice.pick()
        choice.learn(count, cost[count])
        picked[count] += 1
    return picked


@pytest.mark.parametrize(("most", "counts"), [(1, (1,)), (2, (2, 1)), (3, (3, 1)), (8, (8, 4, 1))])
def test_all_half_and_one_thread_are_candidates(most, counts):
    assert ThreadChoice(most).counts == counts


@pytest.mark.parametrize(("cost", "best"), [(QUIET, 8), (BUSY, 1)], ids=["quiet", "busy"])
def test_the_fastest_count_does_nearly_all_of_the_work(cost, best):
    picked = decode(ThreadChoice(8), cost, 300)
    assert picked[best] > 280
    assert set(picked) == set(cost), "the others are tried now and then"


@pytest.mark.parametrize(
    ("before", "after", "best"), [(QUIET, BUSY, 1), (BUSY, QUIET, 8)], ids=["busier", "quieter"]
)
def test_a_change_of_the_machine_is_noticed(before, after, best):
    choice = ThreadChoice(8)
    decode(choice, before, 100)
    decode(choice, after, 2_000)
    assert decode(choice, after, 100)[best] > 90


def test_a_rare_slow_step_changes_nothing():
    """Another program ran for a moment."""
    choice = ThreadChoice(8)
    decode(choice, QUIET, 20)
    choice.learn(choice.pick(), 5 * QUIET[8])
    assert decode(choice, QUIET, 20)[8] >= 18


def test_slow_first_steps_while_weights_are_paged_in_mislead_only_briefly():
    """The slow steps were those of the first count."""
    choice = ThreadChoice(2)
    for slowness in (50, 20, 40, 1):
        count = choice.pick()
        choice.learn(count, slowness * {2: 1.0, 1: 1.9}[count])
    assert choice.pick() == 1
    assert decode(choice, {2: 1.0, 1: 1.9}, 40)[2] >= 32


def test_a_count_is_dropped_at_once_when_a_step_takes_a_second():
    """Nineteen of twenty steps are as fast as ever, and one takes a second."""
    choice = ThreadChoice(2)
    decode(choice, {2: 0.35, 1: 0.38}, 20)
    choice.learn(choice.pick(), 920.0)
    assert decode(choice, {2: 0.35, 1: 0.38}, 40)[1] >= 38


def test_a_slightly_faster_count_is_not_worth_a_change():
    choice = ThreadChoice(2)
    assert decode(choice, {2: 1.1, 1: 1.0}, 44)[2] >= 38


def test_a_machine_that_becomes_busy_is_noticed_at_once():
    choice = ThreadChoice(8)
    decode(choice, QUIET, 20)
    assert decode(choice, BUSY, 8)[1] >= 5
