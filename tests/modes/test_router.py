"""The router decides every request, and never exceeds the profile."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from leanwide.modes.difficulty import Difficulty, DifficultyLevel, difficulty
from leanwide.modes.machine import UNKNOWN, LaneSpeed, MachineState, Rate
from leanwide.modes.profile import LEAN, WIDE, Mode, Profile
from leanwide.modes.router import MODE_OF_TASK, Signals, Task, limit_prefill, route
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
    recommended_sampling=st.booleans(),
    deadline_ms=st.floats(1, 1e9),
)
ALL_PROFILES = st.fixed_dictionaries(dict.fromkeys(Mode, PROFILES))
LANE_TOKENS = st.none() | st.integers(-10, 2**21)
SPEEDS = st.none() | st.floats(1e-6, 1e9)
LANE_SPEEDS = st.builds(LaneSpeed, *[st.builds(Rate, st.just(()), SPEEDS)] * 2)
MACHINES = st.builds(
    MachineState,
    lane_speeds=st.dictionaries(st.sampled_from([LEAN, WIDE]), LANE_SPEEDS),
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
    code_tokens=st.integers(0, 10**5),
    divisible=st.booleans(),
    read_tokens=st.integers(0, 10**5),
    difficulty=st.none()
    | st.builds(Difficulty, st.sampled_from(DifficultyLevel), st.just("it is so")),
    pinned=st.none() | st.sampled_from(Mode),
    machine=MACHINES,
)
TOKENS = ("context_tokens", "output_tokens", "thinking_tokens")
Profiles = dict[Mode, Profile]


@given(st.sampled_from(Task), SIGNALS, ALL_PROFILES)
def test_a_budget_never_exceeds_the_profile_and_always_has_a_reason(
    task: Task, signals: Signals, profiles: Profiles
):
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
def test_a_budget_fits_the_lane(task: Task, signals: Signals, profiles: Profiles):
    budget = route(task, signals, profiles).budget
    spent = budget.context_tokens + budget.output_tokens + budget.thinking_tokens
    if signals.lane_tokens is not None:
        assert spent <= max(4, signals.lane_tokens)


@given(st.sampled_from(Task), SIGNALS, ALL_PROFILES, st.integers(0, 2**21), st.integers(0, 2**12))
def test_a_longer_lane_never_gets_a_smaller_budget(
    task: Task, signals: Signals, profiles: Profiles, lane: int, more: int
):
    less, most = (
        route(task, evolve(signals, lane_tokens=tokens), profiles).budget
        for tokens in (lane, lane + more)
    )
    for name in TOKENS:
        assert getattr(less, name) <= getattr(most, name)


@given(
    st.sampled_from(Task), SIGNALS, ALL_PROFILES, LANE_SPEEDS, st.floats(1, 1e6), st.floats(1, 1e6)
)
def test_a_slower_machine_never_gets_more(
    task: Task,
    signals: Signals,
    profiles: Profiles,
    speed: LaneSpeed,
    prompt_factor: float,
    decode_factor: float,
):
    slower = LaneSpeed(_slower(speed.prompt, prompt_factor), _slower(speed.decode, decode_factor))
    less, most = (
        route(task, evolve(signals, machine=_at_speed(lane, signals.machine)), profiles).budget
        for lane in (slower, speed)
    )
    for name in TOKENS:
        assert getattr(less, name) <= getattr(most, name)


def _slower(rate: Rate, factor: float) -> Rate:
    """Return the rate divided by ``factor``; an unknown one stays unknown."""
    return rate if rate.settled is None else Rate((), rate.settled / factor)


def _at_speed(speed: LaneSpeed, machine: MachineState) -> MachineState:
    return evolve(machine, lane_speeds={LEAN: speed, WIDE: speed})


@given(st.sampled_from(Task), SIGNALS, ALL_PROFILES)
def test_battery_and_memory_limits_never_give_more(
    task: Task, signals: Signals, profiles: Profiles
):
    unlimited = evolve(signals.machine, on_battery=False, memory_short=False)
    less = route(task, signals, profiles).budget
    most = route(task, evolve(signals, machine=unlimited), profiles).budget
    for name in TOKENS:
        assert getattr(less, name) <= getattr(most, name)


@given(st.sampled_from(Task), SIGNALS, ALL_PROFILES)
def test_without_signals_the_profile_applies_in_full(
    task: Task, signals: Signals, profiles: Profiles
):
    pinned = None if task is Task.INLINE_COMPLETION else signals.pinned
    bare = Signals(thinks=True, pinned=pinned)
    decision = route(task, bare, profiles)
    profile = profiles[decision.mode]
    assert decision.lane == profile.lane
    for name in TOKENS:
        assert getattr(decision.budget, name) == getattr(profile, name)


@given(SIGNALS, ALL_PROFILES, st.sampled_from(Mode))
def test_a_completion_in_a_pinned_mode_is_as_short_and_quick_as_in_its_own(
    signals: Signals, profiles: Profiles, mode: Mode
):
    decision = route(Task.INLINE_COMPLETION, evolve(signals, pinned=mode), profiles)
    assert decision.budget.output_tokens <= profiles[Mode.CODE].output_tokens
    assert decision.budget.deadline_ms <= profiles[Mode.CODE].deadline_ms


@given(st.sampled_from(Task), SIGNALS, ALL_PROFILES, st.sampled_from(Mode))
def test_a_pinned_mode_applies_to_every_task(
    task: Task, signals: Signals, profiles: Profiles, mode: Mode
):
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
def test_a_chat_question_is_routed_by_its_difficulty(
    question: str, mode: Mode, lane: str, why: str
):
    profiles = parse()[0].profiles
    decision = route(Task.CHAT, Signals(difficulty=difficulty(question)), profiles)
    assert (decision.mode, decision.lane) == (mode, lane)
    assert why in decision.reason


def machine(prompt: float, decode: float) -> MachineState:
    return _at_speed(LaneSpeed(Rate((), prompt), Rate((), decode)), MachineState())


FAST = machine(5000, 500)


@pytest.mark.parametrize(
    ("state", "context", "output", "why"),
    [
        (machine(5000, 1), 2048, 64, "inline completion: code"),  # it is shown while it grows
        (evolve(FAST, on_battery=True), 1536, 48, "on battery"),
        (evolve(FAST, on_battery=True, battery_percent=19.0), 1024, 32, "a low battery"),
        (evolve(FAST, battery_percent=19.0), 2048, 64, "inline completion: code"),
        (evolve(FAST, memory_short=True), 1024, 32, "while memory is short"),
    ],
)
def test_the_machine_limits_a_completion(state: MachineState, context: int, output: int, why: str):
    profiles = parse()[0].profiles
    decision = route(Task.INLINE_COMPLETION, Signals(machine=state), profiles)
    assert decision.budget.context_tokens == context
    assert decision.budget.output_tokens == output
    assert why in decision.reason


@pytest.mark.parametrize(
    ("state", "context"),
    [(UNKNOWN, 384), (machine(60, 13), 384), (machine(900, 100), 384), (FAST, 512)],
)
def test_a_completion_that_waits_for_its_prefill_gets_a_short_prompt(
    state: MachineState, context: int
):
    decision = route(Task.INLINE_COMPLETION, Signals(machine=state), parse()[0].profiles)
    assert limit_prefill(decision, state).budget.context_tokens == context


@given(SIGNALS, ALL_PROFILES, MACHINES)
def test_limiting_the_prefill_adds_nothing(
    signals: Signals, profiles: Profiles, state: MachineState
):
    decision = route(Task.INLINE_COMPLETION, signals, profiles)
    limited = limit_prefill(decision, state)
    assert limited.budget.context_tokens <= decision.budget.context_tokens
    assert evolve(limited.budget, context_tokens=1) == evolve(decision.budget, context_tokens=1)


@given(ALL_PROFILES, st.integers(0, 10**5), st.integers(0, 10**5))
def test_more_lines_never_get_a_shorter_answer(profiles: Profiles, lines: int, more: int):
    less, most = (
        route(Task.EXPLAIN, Signals(selection_lines=count), profiles).budget
        for count in (lines, lines + more)
    )
    assert less.output_tokens <= most.output_tokens


@given(SIGNALS, ALL_PROFILES)
def test_an_explanation_thinks_if_the_model_does(signals: Signals, profiles: Profiles):
    signals = evolve(signals, pinned=None, machine=MachineState(), selection_lines=None)
    decision = route(Task.EXPLAIN, evolve(signals, thinks=False), profiles)
    assert decision.mode is Mode.THINK
    assert decision.budget.thinking_tokens == 0
    open_lane = evolve(signals, thinks=True, lane_tokens=None)
    thinking = route(Task.EXPLAIN, open_lane, profiles).budget.thinking_tokens
    assert thinking == profiles[Mode.THINK].thinking_tokens


def test_the_reason_tells_of_a_small_lane():
    profiles = parse()[0].profiles
    decision = route(Task.EXPLAIN, Signals(lane_tokens=2048), profiles)
    assert "1,024 tokens of context, because the lane holds 2,048" in decision.reason
    assert "lane holds" not in route(Task.EXPLAIN, Signals(lane_tokens=2**20), profiles).reason


@pytest.mark.parametrize("task", Task)
def test_every_task_has_a_mode(task: Task):
    assert MODE_OF_TASK[task] in Mode


@given(ALL_PROFILES)
def test_a_completion_inside_a_line_is_shorter_and_says_why(profiles: Profiles):

    [at_end, inside] = [
        route(Task.INLINE_COMPLETION, Signals(text_after_cursor=after), profiles)
        for after in (False, True)
    ]
    assert inside.budget.output_tokens == min(24, at_end.budget.output_tokens)
    assert "text follows the cursor" in inside.reason
    assert "text follows the cursor" not in at_end.reason
