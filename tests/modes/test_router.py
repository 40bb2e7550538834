"""The router: an answer for everything, and never more than the profile allows."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from leanwide.modes.difficulty import Difficulty, DifficultyLevel, difficulty
from leanwide.modes.machine import UNKNOWN, LaneSpeed, MachineState, Rate
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
SPEEDS = st.none() | st.floats(1e-6, 1e9)
PACES = st.builds(LaneSpeed, *[st.builds(Rate, st.just(()), SPEEDS)] * 2)
MACHINES = st.builds(
    MachineState,
    paces=st.dictionaries(st.sampled_from([LEAN, WIDE]), PACES),
    on_battery=st.booleans(),
    battery_percent=st.none() | st.floats(0, 100),
    memory_short=st.booleans(),
)
SIGNALS = st.builds(
    Signals,
    text_after_cursor=st.booleans(),
    thinks=st.booleans(),
    lane_tokens=LANE_TOKENS,
    selection_lines=st.none() | st.integers(-1, 10**6),
    answer_tokens=st.integers(0, 10**5),
    read_tokens=st.integers(0, 10**5),
    difficulty=st.none()
    | st.builds(Difficulty, st.sampled_from(DifficultyLevel), st.just("it is so")),
    pinned=st.none() | st.sampled_from(Mode),
    machine=MACHINES,
    waits_for_prompt=st.booleans(),
)
TOKENS = ("context_tokens", "output_tokens", "thinking_tokens")


@given(st.sampled_from(Task), SIGNALS, ALL_PROFILES)
def test_a_budget_never_exceeds_the_profile_and_always_has_a_reason(task, signals, profiles):
    decision = route(task, signals, profiles)
    profile = profiles[decision.mode]
    assert decision.lane in (profile.lane, profiles[Mode.CODE].lane)
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
    for name in TOKENS:
        assert getattr(less, name) <= getattr(most, name)


@given(st.sampled_from(Task), SIGNALS, ALL_PROFILES, PACES, st.floats(1, 1e6), st.floats(1, 1e6))
def test_a_slower_machine_never_gets_more(task, signals, profiles, pace, prompt, decode):
    slower = LaneSpeed(_slower(pace.prompt, prompt), _slower(pace.decode, decode))
    less, most = (
        route(task, evolve(signals, machine=_runs(one, signals.machine)), profiles).budget
        for one in (slower, pace)
    )
    for name in TOKENS:
        assert getattr(less, name) <= getattr(most, name)


def _slower(rate: Rate, times: float) -> Rate:
    """The rate divided; an unknown speed stays unknown."""
    return rate if rate.settled is None else Rate((), rate.settled / times)


def _runs(pace: LaneSpeed, machine: MachineState) -> MachineState:
    return evolve(machine, paces={LEAN: pace, WIDE: pace})


@given(st.sampled_from(Task), SIGNALS, ALL_PROFILES)
def test_battery_and_memory_never_give_more(task, signals, profiles):
    fed = evolve(signals.machine, on_battery=False, memory_short=False)
    less = route(task, signals, profiles).budget
    most = route(task, evolve(signals, machine=fed), profiles).budget
    for name in TOKENS:
        assert getattr(less, name) <= getattr(most, name)


@given(st.sampled_from(Task), SIGNALS, ALL_PROFILES)
def test_without_signals_the_profile_stands_as_it_is(task, signals, profiles):
    pinned = None if task is Task.INLINE_COMPLETION else signals.pinned
    bare = Signals(thinks=True, pinned=pinned)
    decision = route(task, bare, profiles)
    profile = profiles[decision.mode]
    assert decision.lane == profile.lane
    for name in TOKENS:
        assert getattr(decision.budget, name) == getattr(profile, name)


@given(SIGNALS, ALL_PROFILES, st.sampled_from(Mode))
def test_a_completion_in_a_pinned_mode_is_as_short_and_quick_as_ever(signals, profiles, mode):
    decision = route(Task.INLINE_COMPLETION, evolve(signals, pinned=mode), profiles)
    assert decision.budget.output_tokens <= profiles[Mode.CODE].output_tokens
    assert decision.budget.deadline_ms <= profiles[Mode.CODE].deadline_ms


@given(st.sampled_from(Task), SIGNALS, ALL_PROFILES, st.sampled_from(Mode))
def test_a_pinned_mode_is_the_mode_of_everything(task, signals, profiles, mode):
    decision = route(task, evolve(signals, pinned=mode), profiles)
    assert (decision.mode, decision.lane) == (mode, profiles[mode].lane)
    assert "pinned" in decision.reason


@pytest.mark.parametrize(
    ("question", "mode", "lane", "why"),
    [
        ("Why is this slow?", Mode.THINK, WIDE, "hard question because it asks why"),
        ("fix the typo", Mode.DIALOG, LEAN, "trivial question because it asks for a small edit"),
        ("write a parser", Mode.DIALOG, WIDE, "chat: dialog"),
    ],
)
def test_a_question_gets_what_it_needs(question, mode, lane, why):
    profiles = parse()[0].profiles
    decision = route(Task.CHAT, Signals(difficulty=difficulty(question)), profiles)
    assert (decision.mode, decision.lane) == (mode, lane)
    assert why in decision.reason


def machine(prompt: float, decode: float, **more: object) -> MachineState:
    pace = LaneSpeed(Rate((), prompt), Rate((), decode))
    return MachineState(paces={LEAN: pace, WIDE: pace}, **more)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("runs", "context", "output", "why"),
    [
        (machine(5000, 1), 2048, 64, "inline completion: code"),  # it is shown while it grows
        (machine(5000, 500, on_battery=True), 1536, 48, "on battery"),
        (machine(5000, 500, on_battery=True, battery_percent=19.0), 1024, 32, "a low battery"),
        (machine(5000, 500, battery_percent=19.0), 2048, 64, "inline completion: code"),
        (machine(5000, 500, memory_short=True), 1024, 32, "while memory is short"),
    ],
)
def test_what_a_machine_affords(runs, context, output, why):
    profiles = parse()[0].profiles
    decision = route(Task.INLINE_COMPLETION, Signals(machine=runs), profiles)
    assert decision.budget.context_tokens == context
    assert decision.budget.output_tokens == output
    assert why in decision.reason


@pytest.mark.parametrize(
    ("runs", "context"),
    [(UNKNOWN, 384), (machine(60, 13), 384), (machine(900, 100), 384), (machine(5000, 500), 512)],
)
def test_who_waits_for_a_prompt_waits_for_few_tokens(runs, context):
    signals = Signals(machine=runs, waits_for_prompt=True)
    decision = route(Task.INLINE_COMPLETION, signals, parse()[0].profiles)
    assert decision.budget.context_tokens == context


@given(ALL_PROFILES, st.integers(0, 10**5), st.integers(0, 10**5))
def test_more_lines_never_get_a_shorter_answer(profiles, lines, more):
    less, most = (
        route(Task.EXPLAIN, Signals(selection_lines=count), profiles).budget
        for count in (lines, lines + more)
    )
    assert less.output_tokens <= most.output_tokens


@given(SIGNALS, ALL_PROFILES)
def test_an_explanation_thinks_where_the_model_does(signals, profiles):
    signals = evolve(signals, pinned=None, machine=MachineState(), selection_lines=None)
    decision = route(Task.EXPLAIN, evolve(signals, thinks=False), profiles)
    assert decision.mode is Mode.THINK
    assert decision.budget.thinking_tokens == 0
    open_lane = evolve(signals, thinks=True, lane_tokens=None)
    thinking = route(Task.EXPLAIN, open_lane, profiles).budget.thinking_tokens
    assert thinking == profiles[Mode.THINK].thinking_tokens


def test_a_narrow_lane_is_a_reason_that_is_told():
    profiles = parse()[0].profiles
    decision = route(Task.EXPLAIN, Signals(lane_tokens=2048), profiles)
    assert "1,024 tokens of context, because the lane holds 2,048" in decision.reason
    assert "lane holds" not in route(Task.EXPLAIN, Signals(lane_tokens=2**20), profiles).reason


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
