"""Thinking is separated from the answer, counted, and ended when its budget is used up."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.process.lane import Lane
from leanwide.engine.process.thinking import ThoughtStream
from leanwide.engine.requests import FinishReason, Markup, Piece, Thinking
from leanwide.models.answer_marks import answer_marks
from tests.engine.make import job, request, run, to_end

THINKING = Thinking(
    marks=answer_marks(None),
    budget_tokens=20,
    conclusion="\nenough\n</think>\n\n",
    begun=False,
)
BEGUN = attrs.evolve(THINKING, begun=True)


def texts_of(pieces: Iterable[Piece]) -> tuple[str, str]:
    """Return the text of the thinking and of the answer."""
    both = list(pieces)
    thought = "".join(piece.text for piece in both if piece.thought)
    return thought, "".join(piece.text for piece in both if not piece.thought)


def split(thinking: Thinking | None, *texts: str) -> tuple[str, str]:
    """Push texts one after the other; return thinking and answer."""
    stream = ThoughtStream(thinking)
    pieces = [piece for text in texts for piece in stream.push(text)]
    return texts_of([*pieces, *stream.flush()])


@pytest.mark.parametrize(
    ("thinking", "text", "thought", "answer"),
    [
        (None, "<think>a</think>b", "", "<think>a</think>b"),
        (THINKING, "just an answer", "", "just an answer"),
        (THINKING, "<think>a</think>\n\nb", "a", "b"),
        (THINKING, "\n <think>a</think>b", "a", "b"),
        (THINKING, "<think>\n\n</think>\n\nb", "\n\n", "b"),
        (THINKING, "b <think>a</think>", "", "b <think>a</think>"),
        (THINKING, "<think>a</think>b</think>", "a", "b</think>"),
        (THINKING, "<think>never closed", "never closed", ""),
        (THINKING, "<think>a </thin", "a </thin", ""),
        (THINKING, "<thi", "", "<thi"),
        (BEGUN, "a</think>\nb", "a", "b"),
        (BEGUN, "a", "a", ""),
        (THINKING, "", "", ""),
    ],
)
def test_where_thinking_ends(thinking, text, thought, answer):
    assert split(thinking, text) == (thought, answer)
    assert split(thinking, *text) == (thought, answer)


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<", "th", "ink>", "</", " ", "\n", "x"])),
    st.data(),
)
def test_the_result_does_not_depend_on_where_the_text_is_cut(parts, data):
    text = "".join(parts)
    cuts = data.draw(st.lists(st.integers(0, len(text))).map(sorted))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    for thinking in (THINKING, BEGUN, None):
        assert split(thinking, *pieces) == split(thinking, text)


def test_a_token_of_the_opening_mark_is_neither_thinking_nor_answer():
    stream = ThoughtStream(THINKING)
    for text in ("<th", "ink>", "a", "b"):
        list(stream.push(text))
    assert (stream.spent, stream.tokens) == (2, 4)


# In a lane: the tiny model has random weights and never closes anything


@pytest.mark.parametrize("budget", [0, 1, 7, 40])
def test_endless_thinking_is_ended_at_the_budget(lane: Lane, budget: int):
    thinking = attrs.evolve(BEGUN, budget_tokens=budget)
    for number in range(50):
        wanted = request(Markup(f"<|im_start|>x{number}\n"), thinking=thinking, max_tokens=6)
        steps, end = to_end(lane.run(job(wanted)))
        if end.reason is FinishReason.LENGTH:
            break
    thought, answer = texts_of(step for step in steps if isinstance(step, Piece))
    assert abs(end.stats.tokens_generated - (budget + 6)) <= 1
    assert thought.endswith("\nenough\n")
    assert answer
    assert "think>" not in answer


def test_an_inserted_conclusion_is_in_the_context(lane: Lane):
    """The same prompt with the whole thinking written out finds all of it in the KV cache."""
    thinking = attrs.evolve(BEGUN, budget_tokens=0)
    _, first = run(lane, "x = ", thinking=thinking, max_tokens=1)
    _, again = run(lane, "x = ", Markup(thinking.conclusion), max_tokens=1)
    assert again.stats.tokens_evaluated <= 1
    assert again.stats.tokens_reused > first.stats.tokens_evaluated


def test_thinking_ends_at_its_deadline(lane: Lane):
    thinking = attrs.evolve(BEGUN, budget_tokens=300, deadline_ms=0.0)
    for number in range(50):
        wanted = request(Markup(f"<|im_start|>t{number}\n"), thinking=thinking, max_tokens=6)
        steps, end = to_end(lane.run(job(wanted)))
        if end.reason is FinishReason.LENGTH:
            break
    thought, answer = texts_of(step for step in steps if isinstance(step, Piece))
    assert end.stats.tokens_generated <= 1 + 6
    assert thought.endswith("\nenough\n")
    assert answer


def test_thinking_counts_towards_the_context(lane: Lane):
    thinking = attrs.evolve(BEGUN, budget_tokens=600)
    with pytest.raises(Exception, match="do not fit"):
        run(lane, "x = ", thinking=thinking)


def test_stop_texts_do_not_end_thinking(lane: Lane):
    thinking = attrs.evolve(BEGUN, budget_tokens=3, conclusion="STOP</think>")
    _, end = run(lane, "y = ", thinking=thinking, max_tokens=2, stops=("STOP",))
    assert end.reason is not FinishReason.STOP
