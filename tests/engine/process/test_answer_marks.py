"""Thinking is told from the answer for each way of marking it, by token and as spelled text."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.process.thinking import MAX_MARKS, ThoughtStream
from leanwide.engine.requests import Piece, Thinking
from leanwide.models.answer_marks import AnswerMarks, answer_marks

HARMONY = answer_marks("<|channel|>analysis<|message|>")
COHERE = answer_marks("<|START_THINKING|><|START_TEXT|>")
MUSE = answer_marks(" to=self<|message|>")
SOLAR = answer_marks("<|think|><|content|>")
KIMI = answer_marks("<|open|>think<|sep|>")
SEED = answer_marks("<seed:think>")
MINIMAX = answer_marks("<mm:think>")
MINISTRAL = answer_marks("[THINK]")
APRIEL = answer_marks("[BEGIN FINAL RESPONSE]")
GEMMA = answer_marks("<|channel>thought")
GRANITE = answer_marks("<think></think> <response></response>")
FUNCTIONARY = answer_marks(">>>all")
QWEN = answer_marks("</think>")

_TOKEN = re.compile(r"<\|?[\w:/]+\|?>|\[/?THINK\]")
"""The special tokens of these models."""


def thinking(marks: AnswerMarks, *, begun: bool = False) -> Thinking:
    return Thinking(marks=marks, budget_tokens=99, conclusion=f"enough{marks.closing}", begun=begun)


def tokens_of(marks: AnswerMarks) -> frozenset[str]:
    texts = (*marks.openings, marks.closing, marks.turn, *marks.leads, marks.tail)
    return frozenset(_TOKEN.findall(" ".join(texts)))


def feed(stream: ThoughtStream, text: str, tokens: frozenset[str]) -> list[Piece]:
    """Push a text: each special token as one, everything else by characters."""
    names = "|".join(map(re.escape, sorted(tokens, key=len, reverse=True)))
    parts = re.split(f"({names})", text) if names else [text]
    pieces: list[Piece] = []
    for part in parts:
        if part in tokens:
            pieces += stream.push_special(part)
        else:
            pieces += [piece for character in part for piece in stream.push(character)]
    return [*pieces, *stream.flush()]


def both(pieces: Sequence[Piece]) -> tuple[str, str]:
    """Return the text of the thinking and of the answer."""
    thought = "".join(piece.text for piece in pieces if piece.thought)
    return thought, "".join(piece.text for piece in pieces if not piece.thought)


ANSWERS = [
    (
        HARMONY,
        False,
        "<|channel|>analysis<|message|>why<|end|><|start|>assistant<|channel|>final<|message|>so",
    ),
    (
        HARMONY,
        False,
        "<|channel|>analysis<|message|>w<|end|><|start|>assistant<|channel|>commentary<|message|>hy"
        "<|end|><|start|>assistant<|channel|>final<|message|>so<|end|>",
    ),
    (HARMONY, False, "<|channel|>final<|message|>so"),
    (MUSE, False, " to=self<|message|>why<|eom|><|start|>assistant to=user<|message|>so"),
    (SOLAR, False, "<|think|>why<|end|><|begin|>assistant<|content|>so<|end|>"),
    (SOLAR, False, "<|content|>so<|end|>"),
    (KIMI, True, "why<|close|>think<|sep|><|open|>response<|sep|>so<|close|>response<|sep|>"),
    (COHERE, True, "why<|END_THINKING|><|START_TEXT|>so<|END_TEXT|>"),
    (COHERE, False, "<|START_TEXT|>so<|END_TEXT|>"),
    (SEED, False, "<seed:think>why</seed:think>\nso"),
    (MINIMAX, False, "<mm:think>why</mm:think>so"),
    (MINIMAX, False, "</mm:think>so"),
    (MINISTRAL, False, "[THINK]why[/THINK]so"),
    (APRIEL, False, "Here are my reasoning steps:\nwhy\n[BEGIN FINAL RESPONSE]\nso"),
    (APRIEL, True, "why\n[BEGIN FINAL RESPONSE]\nso[END FINAL RESPONSE]"),
    (GEMMA, False, "<|channel>thought\nwhy\n<channel|>so"),
    (GRANITE, False, "<think>why</think>\n\n<response>so</response>"),
    (FUNCTIONARY, False, "all\nso"),
    (QWEN, True, "why</think>\n\nso"),
    (QWEN, False, "<think>w</think>\n<think>hy</think>\n\nso"),
    (QWEN, False, "so"),
]


@pytest.mark.parametrize("spelled", [False, True], ids=["by token", "spelled"])
@pytest.mark.parametrize(("marks", "begun", "text"), ANSWERS)
def test_the_answer_is_all_that_is_left(marks: AnswerMarks, begun: bool, text: str, spelled: bool):
    tokens = frozenset[str]() if spelled else tokens_of(marks)
    stream = ThoughtStream(thinking(marks, begun=begun), tokens)
    thought, answer = both(feed(stream, text, tokens))
    assert answer == "so"
    assert thought.strip() in ("why", "")


@pytest.mark.parametrize("marks", [HARMONY, SOLAR, KIMI, COHERE, GRANITE, APRIEL])
def test_what_follows_the_end_of_an_answer_is_dropped(marks: AnswerMarks):
    tokens = tokens_of(marks)
    stream = ThoughtStream(thinking(marks), tokens)
    pieces = feed(stream, f"{marks.leads[0] if marks.leads else ''}so{marks.tail}more", tokens)
    assert both(pieces) == ("", "so")
    assert stream.ended


@pytest.mark.parametrize("marks", [HARMONY, SOLAR, KIMI, COHERE])
def test_a_mark_that_is_spelled_out_is_text_where_it_is_made_of_tokens(marks: AnswerMarks):
    tokens = tokens_of(marks)
    text = f"{marks.openings[0]}why{marks.closing}so{marks.tail}"
    stream = ThoughtStream(thinking(marks), tokens)
    pieces = [*(piece for part in text for piece in stream.push(part)), *stream.flush()]
    assert both(pieces) == ("", text)
    assert not stream.ended


def test_the_tokens_around_an_answer_are_not_shown_in_the_middle_of_it():
    tokens = tokens_of(HARMONY)
    pieces = feed(ThoughtStream(thinking(HARMONY), tokens), "a<|message|>b<|channel|>c", tokens)
    assert both(pieces) == ("", "abc")


def test_after_the_conclusion_everything_is_answer():
    stream = ThoughtStream(thinking(QWEN, begun=True))
    pieces = [*stream.push("why"), *stream.conclude(), *stream.push("<think>"), *stream.flush()]
    assert both(pieces) == ("whyenough", "<think>")


def test_marks_without_end_are_an_answer():
    stream = ThoughtStream(thinking(QWEN), tokens_of(QWEN))
    for _ in range(60):
        list(stream.push_special("</think>"))
    assert stream.tokens == MAX_MARKS


@given(st.data())
def test_the_tokens_of_marks_and_thinking_are_counted_and_those_of_the_answer_are_not(data):
    marks, begun, text = data.draw(st.sampled_from(ANSWERS))
    tokens = tokens_of(marks)
    stream = ThoughtStream(thinking(marks, begun=begun), tokens)
    count = 0
    for part in re.split(f"({_TOKEN.pattern})", text):
        if part in tokens:
            list(stream.push_special(part))
            count += 1
        else:
            for character in part:
                list(stream.push(character))
                count += 1
    assert 0 <= count - stream.tokens - len("so") <= len(marks.tail) + 2


@given(st.text(alphabet="<>|/thinkend \n\ufdd0\ufdd1x"), st.sampled_from([m for m, *_ in ANSWERS]))
def test_no_text_is_lost_but_marks_and_the_white_space_around_them(text: str, marks: AnswerMarks):
    stream = ThoughtStream(thinking(marks), tokens_of(marks))
    pieces = [*(piece for part in text for piece in stream.push(part)), *stream.flush()]
    clean = text.replace("\ufdd0", "\ufffd").replace("\ufdd1", "\ufffd")
    if not any(
        mark in clean for mark in (*marks.openings, *marks.leads, marks.closing, marks.tail)
    ):
        assert "".join(piece.text for piece in pieces) == clean
