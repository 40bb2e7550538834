"""Old turns are dropped first, and rarely."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.prompt.chat import Message
from leanwide.prompt.history import Turn, first_kept, messages_of

COSTS = st.lists(st.integers(0, 500), max_size=30)


@pytest.mark.parametrize(
    ("costs", "first", "room", "expected"),
    [
        ([], 0, 100, 0),
        ([50, 50], 0, 100, 0),
        ([50, 50], 0, 99, 1),
        ([10, 10, 80, 10], 0, 100, 3),  # room for more than the next turn
        ([10, 10, 10, 10], 2, 100, 2),  # what went stays away
        ([500], 0, 100, 1),
        ([5], 0, -3, 1),
    ],
)
def test_whole_turns_are_kept(costs: list[int], first: int, room: int, expected: int):
    assert first_kept(costs, first, room) == expected


@given(COSTS, st.integers(0, 30), st.integers(0, 2000))
def test_kept_turns_fit_and_dropped_ones_stay_dropped(costs: list[int], first: int, room: int):
    first = min(first, len(costs))
    kept = first_kept(costs, first, room)
    assert first <= kept <= len(costs)
    assert sum(costs[kept:]) <= room
    assert first_kept(costs, kept, room) == kept


def test_turns_alternate():
    turns = (Turn("a", "b"), Turn("c", "d"))
    assert [message.role for message in messages_of(turns)] == ["user", "assistant"] * 2
    assert messages_of(turns)[2] == Message("user", "c")
