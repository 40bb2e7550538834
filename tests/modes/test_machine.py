"""The machine's speed, learned from finished requests."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.requests import Stats
from leanwide.modes.machine import UNKNOWN, MachineState, learn

STATS = Stats(
    lane="lean",
    experts=2,
    tokens_evaluated=100,
    tokens_reused=0,
    tokens_generated=10,
    queue_ms=0.0,
    prompt_ms=100.0,
    decode_ms=100.0,
)


def after(*requests: Stats, before: MachineState = UNKNOWN) -> MachineState:
    for stats in requests:
        before = learn(before, stats)
    return before


def at(prompt_per_s: float) -> Stats:
    return evolve(STATS, prompt_ms=100_000 / prompt_per_s)


def test_a_lanes_speed_counts_after_some_of_its_requests():
    assert after(STATS, STATS).lane_speed("lean").prompt.settled is None
    known = after(STATS, STATS, STATS)
    assert known.lane_speed("lean").prompt.settled == 1000
    assert known.lane_speed("lean").decode.settled == 100
    assert known.lane_speed("wide").prompt.settled is None


def test_one_slow_request_changes_nothing_but_many_do():
    known = after(STATS, STATS, STATS)
    assert after(at(1), before=known).lane_speed("lean").prompt.settled == 1000
    slow = after(*[at(100)] * 9, before=known)
    assert slow.lane_speed("lean").prompt.settled == 100


@given(st.lists(st.floats(700, 1400), max_size=40))
def test_the_speed_that_the_router_sees_does_not_jitter(speeds: list[float]):
    known = after(STATS, STATS, STATS)
    assert after(*map(at, speeds), before=known).lane_speed("lean").prompt.settled == 1000


def test_small_requests_are_not_measured():
    small = evolve(STATS, tokens_evaluated=2, tokens_generated=1)
    assert after(*[small] * 9) == after(evolve(small, tokens_evaluated=1))
    assert after(small, small, small).lane_speed("lean").prompt.recent == ()


def test_an_answer_that_was_drafted_says_nothing_about_the_speed_of_decoding():
    drafted = evolve(STATS, tokens_drafted=8, tokens_accepted=8, decode_ms=1.0)
    assert after(*[drafted] * 9).lane_speed("lean").decode == after().lane_speed("lean").decode


@given(
    st.builds(
        evolve,
        st.just(STATS),
        **{name: st.integers(0, 10**6) for name in ("tokens_evaluated", "tokens_generated")}
        | {name: st.floats(0, 1e9) for name in ("prompt_ms", "decode_ms")},
    )
)
def test_any_statistics_can_be_learned(stats: Stats):
    speed = after(stats, stats, stats).lane_speed("lean")
    assert all(rate.settled is None or rate.settled > 0 for rate in (speed.prompt, speed.decode))
