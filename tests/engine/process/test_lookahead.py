"""An answer is the same with drafts as without, whatever they say."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from attrs import evolve, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leanwide.engine.process.lane import Lane
from leanwide.engine.process.lanes import Lanes
from leanwide.engine.process.sequence_cache import CachedSequence
from leanwide.engine.requests import GREEDY, Finished, FinishReason, Priority, Sampling
from leanwide_bench.synthetic.shapes import SMALL
from leanwide_bench.synthetic.synthetic import Recipe, write
from tests.engine import make
from tests.engine.conftest import Opener
from tests.engine.make import job, run, text_of

CODE = "class Server(Base):\n    def __init__(self, name):\n        self.name = name\n"
TOKENS = 48
SAMPLINGS = (
    GREEDY,
    Sampling(temperature=1.0, top_k=40, top_p=0.9, seed=7),
    Sampling(temperature=0.7, top_k=20, seed=3, repeat_penalty=1.3, penalty_tokens=64),
    Sampling(repeat_penalty=1.2, penalty_tokens=32),
)


@frozen
class Known:
    """An answer of ``TOKENS`` tokens, generated without drafts."""

    prompt: str
    prompt_tokens: int
    text: str
    tokens: tuple[int, ...]
    """All but the last."""


def newest(lane: Lane) -> CachedSequence:
    return max(lane.kv.sequences, key=lambda sequence: sequence.used)


def long_answer(lane: Lane, sampling: Sampling) -> Known:
    """Find a prompt with a long answer; random weights end many early."""
    for number in range(200):
        prompt = f"{CODE}x{number} = "
        run(lane, prompt, max_tokens=0)
        before = len(newest(lane).tokens)
        text, end = run(lane, prompt, max_tokens=TOKENS, sampling=sampling)
        if end.reason is FinishReason.LENGTH:
            return Known(prompt, before, text, tuple(newest(lane).tokens[before:]))
    raise AssertionError("the model ends every answer early")


@pytest.fixture(scope="module")
def lanes(opened: Opener, models: Path) -> Lanes:
    """A model whose logits are the same bit for bit, whatever is evaluated in one step."""
    path = models / "lookahead.gguf"
    write(path, Recipe(shape=evolve(SMALL, layers=2, focus=1e6)))
    return opened(make.spec(path))


@pytest.fixture(scope="module")
def answers(lanes: Lanes) -> dict[Sampling, Known]:
    lane = lanes.lane("lean")[0]
    return {sampling: long_answer(lane, sampling) for sampling in SAMPLINGS}


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_an_answer_that_repeats_its_draft_is_evaluated_in_fewer_steps(lane, answers, sampling):
    known = answers[sampling]
    drafts = (known.tokens,)
    text, end = run(lane, known.prompt, max_tokens=TOKENS, sampling=sampling, drafts=drafts)
    assert text == known.text
    assert end.stats.tokens_generated == TOKENS
    assert TOKENS // 2 < end.stats.tokens_accepted <= end.stats.tokens_drafted


def edited(tokens: tuple[int, ...], changes: list[tuple[int, int]]) -> tuple[int, ...]:
    """Return tokens with some replaced, or left out where the new one is 0."""
    new = dict(changes)
    return tuple(token for at, old in enumerate(tokens) if (token := new.get(at, old)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    sampling=st.sampled_from(SAMPLINGS),
    changes=st.lists(st.tuples(st.integers(0, TOKENS), st.integers(0, 500)), max_size=8),
    tokens=st.integers(1, TOKENS),
    cancelled_at=st.sampled_from([0, 0, 0, 5, 40, 90, 150, 300, 800]),
    preempted_at=st.sampled_from([0, 0, 7, 60, 250]),
)
def test_drafts_change_no_answer_and_leave_no_trace(
    lanes, answers, sampling, changes, tokens, cancelled_at, preempted_at
):
    """What is cancelled is a beginning of the answer; the sequence holds what was generated."""
    known, lane = answers[sampling], lanes.lane("lean")[0]
    wanted = make.request(known.prompt, max_tokens=tokens, sampling=sampling)
    alone = text_of(lane.run(job(wanted)))
    calls, waiting = count(1), count(1)
    drafted = job(
        evolve(wanted, drafts=(edited(known.tokens, changes), known.tokens)),
        (lambda: next(calls) > cancelled_at) if cancelled_at else (lambda: False),
    )
    if preempted_at:
        drafted = evolve(drafted, preempted=lambda: next(waiting) % preempted_at == 0)
    *steps, end = lane.run(drafted)
    assert isinstance(end, Finished)
    text = text_of(steps)
    assert text == alone if end.reason is not FinishReason.CANCELLED else alone.startswith(text)
    held = newest(lane)
    assert lane.kv.context.length(held.number) == len(held.tokens)
    answered = held.tokens[known.prompt_tokens :]
    assert answered == list(known.tokens[: len(answered)])
    assert end.reason is FinishReason.CANCELLED or len(answered) == tokens - 1
    assert text_of(lane.run(job(wanted))) == alone


def test_other_jobs_between_the_steps_change_nothing(lane, answers):
    """Completions take turns with an answer that is drafted, in the same lane."""
    known, text = answers[GREEDY], ""
    drafted = job(make.request(known.prompt, max_tokens=TOKENS, drafts=(known.tokens,)))
    for number, step in enumerate(lane.run(drafted)):
        if isinstance(step, Finished):
            break
        text += text_of([step])
        run(lane, f"y{number} = ", max_tokens=2, priority=Priority.INTERACTIVE)
    assert text == known.text
