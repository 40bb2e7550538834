"""The router: an answer for everything, and never more than the profile allows."""

from __future__ import annotations

from typing import get_type_hints

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from leanwide.modes.profile import LEAN, WIDE, Mode, Profile
from leanwide.modes.router import MODE_OF_TASK, Signals, Task, route
from leanwide.options import parse

PROFILES = st.builds(
    Profile,
    lane=st.sampled_from([LEAN, WIDE]),
    context_tokens=st.integers(64, 2**20),
    output_tokens=st.integers(1, 131_072),
    thinking_tokens=st.integers(0, 131_072),
    temperature=st.floats(0, 2),
    top_k=st.integers(0, 1000),
    top_p=st.floats(0, 1),
    deadline_ms=st.floats(1, 1e9),
)
ALL_PROFILES = st.fixed_dictionaries(dict.fromkeys(Mode, PROFILES))
LANE_TOKENS = st.none() | st.integers(-10, 2**21)
SIGNALS = st.builds(
    Signals,
    **{name: st.from_type(kind) for name, kind in get_type_hints(Signals).items()}
    | {"lane_tokens": LANE_TOKENS},
)


@given(st.sampled_from(Task), SIGNALS, ALL_PROFILES)
def test_a_budget_never_exceeds_the_profile_and_always_has_a_reason(task, signals, profiles):
    decision = route(task, signals, profiles)
    profile = profiles[decision.mode]
    assert decision.lane == profile.lane
    assert decision.reason
    assert "\n" not in decision.reason
    assert 1 <= decision.budget.output_tokens <= profile.output_tokens
    assert 1 <= decision.budget.context_tokens <= profile.context_tokens
    assert 0 <= decision.budget.thinking_tokens <= profile.thinking_tokens
    assert 0 < decision.budget.deadline_ms <= profile.deadline_ms


@given(st.sampled_from(Task), SIGNALS, ALL_PROFILES)
def test_a_budget_fits_the_lane(task, signals, profiles):
    budget = route(task, signals, profiles).budget
    spent = budget.context_tokens + budget.output_tokens + budget.thinking_tokens
    if signals.lane_tokens is not None:
        assert spent <= max(4, signals.lane_tokens)


@given(st.sampled_from(Task), SIGNALS, ALL_PROFILES, st.integers(0, 2**21), st.integers(0, 2**12))
def test_a_longer_lane_never_gets_a_smaller_budget(task, signals, profiles, lane, more):
    less, most = (
        route(task, evolve(signals, lane_tokens=tokens), profiles).budget
        for tokens in (lane, lane + more)
    )
    for name in ("context_tokens", "output_tokens", "thinking_tokens"):
        assert getattr(less, name) <= getattr(most, name)


@given(SIGNALS, ALL_PROFILES)
def test_an_explanation_thinks_where_the_model_does(signals, profiles):
    decision = route(Task.EXPLAIN, evolve(signals, thinks=False), profiles)
    assert decision.mode is Mode.THINK
    assert decision.budget.thinking_tokens == 0
    open_lane = evolve(signals, thinks=True, lane_tokens=None)
    thinking = route(Task.EXPLAIN, open_lane, profiles).budget.thinking_tokens
    assert thinking == profiles[Mode.THINK].thinking_tokens


def test_a_narrow_lane_is_a_reason_that_is_told():
    profiles = parse()[0].profiles
    decision = route(Task.EXPLAIN, Signals(lane_tokens=2048), profiles)
    assert "narrowed to a lane of 2048 tokens" in decision.reason
    assert "narrowed" not in route(Task.EXPLAIN, Signals(lane_tokens=2**20), profiles).reason


@pytest.mark.parametrize("task", Task)
def test_every_task_has_a_mode(task):
    assert MODE_OF_TASK[task] in Mode


@given(ALL_PROFILES)
def test_inside_a_line_a_completion_is_shorter_and_says_why(profiles):
    [at_end, inside] = [
        route(Task.INLINE_COMPLETION, Signals(text_after_cursor=after), profiles)
        for after in (False, True)
    ]
    assert inside.budget.output_tokens == min(24, at_end.budget.output_tokens)
    assert "text follows the cursor" in inside.reason
    assert "text follows the cursor" not in at_end.reason
