"""The engine tells special tokens from the same texts spelled with other tokens."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import attrs
import pytest

from leanwide.engine.process.lane import Lane
from leanwide.engine.process.lanes import Lanes
from leanwide.engine.process.markers import spelt_markers
from leanwide.engine.process.output_stream import OutputStream
from leanwide.engine.process.thinking import ThoughtStream
from leanwide.engine.requests import FinishReason, Piece, Thinking
from leanwide.models.answer_marks import AnswerMarks, answer_marks
from leanwide_bench.synthetic.shapes import TINY
from leanwide_bench.synthetic.synthetic import Recipe, write
from leanwide_bench.synthetic.vocabulary import CHAT_END, CHAT_START, VocabularyOptions
from tests.engine import make
from tests.engine.conftest import Opener
from tests.engine.make import job, model_of, request, to_end

HARMONY_TOKENS = ("<|channel|>", "<|message|>", "<|start|>", "<|end|>")
OWN = ("<think>", "</think>", "<td>", "  \n", *HARMONY_TOKENS)
THINKING = Thinking(marks=answer_marks(None), budget_tokens=50, conclusion="</think>", begun=False)
HARMONY = attrs.evolve(THINKING, marks=answer_marks("<|channel|>analysis<|message|>"))
MARKS = frozenset({"<think>", "</think>"})


@pytest.fixture(scope="module")
def marked(models: Path) -> Path:
    """A tiny model with thinking marks and a word as special tokens."""
    path = models / "marked.gguf"
    write(path, Recipe(shape=TINY, vocabulary=VocabularyOptions(own=OWN)))
    return path


@pytest.fixture(scope="module")
def lanes(opened: Opener, marked: Path) -> Lanes:
    lanes = opened(make.spec(marked))
    lanes.lane("lean")
    return lanes


@pytest.fixture
def say(lanes: Lanes, lane: Lane, monkeypatch: pytest.MonkeyPatch):
    """Make the model generate a text: parts in angle quotes as tokens, the others spelled."""
    model = model_of(lanes)

    def generate(text: str, **changes: object) -> tuple[list[Piece], FinishReason]:
        tokens: list[int] = []
        for part in re.split("(«[^»]*»)", text):
            if part.startswith("«"):
                tokens += model.tokenize_markup(part[1:-1])
            else:  # by characters: llama.cpp makes one token of a whole user-defined word
                tokens += itertools.chain(*map(model.tokenize, part))
        answer = itertools.chain(tokens, itertools.repeat(model.eos))
        monkeypatch.setattr(lane.kv, "sample", lambda _: next(answer))
        steps, end = to_end(lane.run(job(request("x = ", max_tokens=200, **changes))))
        return [step for step in steps if isinstance(step, Piece)], end.reason

    return generate


def text_of(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def special(pieces: list[Piece]) -> list[str]:
    return [piece.text for piece in pieces if piece.special]


def test_a_marker_as_a_token_ends_the_answer_and_a_spelt_one_is_text(say):
    pieces, reason = say(f'STOP = ["{CHAT_END}"]')
    assert (text_of(pieces), special(pieces)) == (f'STOP = ["{CHAT_END}"]', [])
    pieces, reason = say(f"1«{CHAT_END}»2")
    assert (text_of(pieces), reason) == ("1", FinishReason.END)


def test_a_special_token_is_told_from_the_same_text_spelled(say):
    pieces, _ = say("a<think>b</think><td>")
    assert (text_of(pieces), special(pieces)) == ("a<think>b</think><td>", [])
    pieces, _ = say("a«<think>»b«</think>»c«<td>»")
    assert (text_of(pieces), special(pieces)) == (
        "a<think>b</think>c<td>",
        ["<think>", "</think>", "<td>"],
    )


def test_white_space_that_is_one_token_is_text(say):
    pieces, _ = say("a«  \n»b")
    assert (text_of(pieces), special(pieces)) == ("a  \nb", [])


def test_a_spelled_closing_mark_does_not_end_the_thinking(say):
    pieces, _ = say("«<think>»It ends with </think>.«</think>»\n\nDone.", thinking=THINKING)
    thought = "".join(piece.text for piece in pieces if piece.thought)
    answer = "".join(piece.text for piece in pieces if not piece.thought)
    assert (thought, answer) == ("It ends with </think>.", "Done.")


def test_a_spelled_opening_mark_begins_no_thinking(say):
    pieces, _ = say("<think> begins a thought", thinking=THINKING)
    assert text_of(pieces) == "<think> begins a thought"
    assert not any(piece.thought for piece in pieces)


def test_a_second_closing_mark_is_passed_on_as_a_special_token(say):
    pieces, _ = say("«<think>»a«</think>»b«</think>»c", thinking=THINKING)
    assert special(pieces) == ["</think>"]


def test_channels_of_gpt_oss_are_thinking_and_answer_and_their_tokens_are_not_shown(say):
    pieces, reason = say(
        "«<|channel|>»analysis«<|message|>»why«<|end|>»"
        "«<|start|>»assistant«<|channel|>»final«<|message|>»so«<|message|>»!«<|end|>»more",
        thinking=HARMONY,
    )
    thought = "".join(piece.text for piece in pieces if piece.thought)
    answer = "".join(piece.text for piece in pieces if not piece.thought)
    assert (thought, answer, reason) == ("why", "so!", FinishReason.END)


def test_the_thinking_of_gpt_oss_is_concluded_with_the_channel_of_the_answer(say):
    conclusion = "enough<|end|><|start|>assistant<|channel|>final<|message|>"
    thinking = attrs.evolve(HARMONY, budget_tokens=3, conclusion=conclusion)
    pieces, reason = say("«<|channel|>»analysis«<|message|>»abcdef«<|end|>»x", thinking=thinking)
    thought = "".join(piece.text for piece in pieces if piece.thought)
    answer = "".join(piece.text for piece in pieces if not piece.thought)
    assert (thought, answer, reason) == ("abcenough", "def", FinishReason.END)


def test_marks_that_are_control_tokens_do_not_end_the_generation(say):
    marks = AnswerMarks(openings=(CHAT_START,), closing=CHAT_END, leads=("<|fim_pad|>",))
    thinking = attrs.evolve(THINKING, marks=marks, conclusion=CHAT_END)
    pieces, reason = say(
        f"«{CHAT_START}»why«{CHAT_END}»«<|fim_pad|>»so«<|endoftext|>»", thinking=thinking
    )
    thought = "".join(piece.text for piece in pieces if piece.thought)
    answer = "".join(piece.text for piece in pieces if not piece.thought)
    assert (thought, answer, reason) == ("why", "so", FinishReason.END)


@pytest.mark.parametrize("text", ["«<think>»a", "«<think>»a«</think>»", "«<think>»a«</think>»\n"])
def test_a_model_that_only_thinks_is_made_to_answer(say, text: str):
    pieces, _ = say(text, thinking=THINKING)
    thought = "".join(piece.text for piece in pieces if piece.thought)
    answer = "".join(piece.text for piece in pieces if not piece.thought)
    assert thought == "a"
    assert answer.strip()


def test_the_thinking_is_not_closed_twice_before_the_answer(say):
    pieces, _ = say("«<think>»a«</think>»\n«</think>»\n\nb", thinking=THINKING)
    assert "".join(piece.text for piece in pieces if not piece.thought) == "b"
    spelt = ThoughtStream(THINKING)
    both = [*spelt.push("<think>a</think>\n</think>\n\nb"), *spelt.flush()]
    assert "".join(piece.text for piece in both if not piece.thought) == "b"


def test_a_mark_that_is_no_token_is_found_in_the_text():
    stream = ThoughtStream(THINKING)
    pieces = [*stream.push("<think>a</think>b"), *stream.flush()]
    assert [(piece.text, piece.thought) for piece in pieces] == [("a", True), ("b", False)]


def test_white_space_before_an_opening_mark_is_dropped():
    stream = ThoughtStream(THINKING, MARKS)
    pieces = [*stream.push("\n"), *stream.push_special("<think>"), *stream.push("a")]
    assert [(piece.text, piece.thought) for piece in pieces] == [("a", True)]
    assert (stream.spent, stream.tokens) == (1, 3)


def test_a_stop_text_may_be_a_special_token():
    output = OutputStream(attrs.evolve(request("x"), stops=("<td>",)))
    pieces = [*output.push(b"a<"), *output.push_special(b"<td>"), *output.push(b"b")]
    assert text_of(pieces) == "a<"
    assert output.stopped


def test_half_a_character_before_a_special_token_leaves_the_token_whole():
    output = OutputStream(request("x"))
    pieces = [*output.push("é".encode()[:1]), *output.push_special(b"<td>"), *output.push(b"b")]
    assert text_of(pieces) == "\ufffd<td>b"
    assert special(pieces) == ["<td>"]


# Text that looks like markup


@pytest.mark.parametrize("marker", [*HARMONY_TOKENS, "<think>", "</think>", CHAT_END])
def test_a_marker_in_a_text_stays_text(lanes: Lanes, marker: str):
    model = model_of(lanes)
    tokens = model.tokenize(f'x = "{marker}"')
    assert not any(map(model.is_special, tokens))
    assert b"".join(map(model.piece, tokens)).decode() == f'x = "{marker}"'
    assert len(model.tokenize_markup(marker)) == 1


@pytest.mark.parametrize("word", ["<td>", "  \n"])
def test_a_word_with_a_token_of_its_own_keeps_it(lanes: Lanes, word: str):
    model = model_of(lanes)
    assert list(map(model.name, model.tokenize(word))) == list(
        map(model.name, model.tokenize_markup(word))
    )
    assert len(model.tokenize(word)) == 1


# Markers that a model can only spell


def test_a_model_with_tokens_for_its_markers_spells_none(lanes: Lanes):
    assert lanes.model_info().spelt_markers == ()


def test_a_marker_of_the_template_without_a_token_is_reported(opened, marked):
    text = b"{{ message.content }}<|im_end|>"
    assert text in marked.read_bytes()
    path = marked.with_name("spelt.gguf")
    path.write_bytes(marked.read_bytes().replace(text, text.replace(b"im_end", b"xx_end")))
    lanes = opened(make.spec(path))
    lanes.lane("lean")
    assert lanes.model_info().spelt_markers == ("<|xx_end|>",)


def test_each_marker_is_named_once_and_a_template_without_any_names_none():
    template = "<|a|>{{ x }}<|b|><|a|><think>[INST]<|not one|> x<|y"
    assert spelt_markers(template, lambda marker: marker == "<|b|>") == (
        "<|a|>",
        "<think>",
        "[INST]",
    )
    assert spelt_markers(None, lambda _: False) == ()
    assert len(spelt_markers("".join(f"<|{n}|>" for n in range(1000)), lambda _: False)) == 64
