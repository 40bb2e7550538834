"""Conversations laid out by a template, and split at the messages."""

from __future__ import annotations

import pytest

from leanwide.engine.requests import Markup
from leanwide.models.answer_marks import answer_marks
from leanwide.prompt.chat import (
    LayoutProblem,
    Message,
    chat_prompt,
    chatml,
    clean,
    joined_system,
    placeholders,
    thinking,
)

SYSTEM, USER = Message("system", "Be brief."), Message("user", "Why?")


def test_chatml():
    prompt = chat_prompt(chatml(("system", "user")), [SYSTEM, USER])
    assert prompt == (
        Markup("<|im_start|>system\n"),
        "Be brief.",
        Markup("<|im_end|>\n<|im_start|>user\n"),
        "Why?",
        Markup("<|im_end|>\n<|im_start|>assistant\n"),
    )


def test_placeholders_are_new_every_time():
    marks = {mark for _ in range(20) for mark in placeholders(2).marks}
    assert len(marks) == 40


def test_a_layout_is_split_at_the_messages():
    stand_ins = placeholders(2)
    first, second = stand_ins.marks
    assert stand_ins.layout(f"<a>{first}</a>{second}") == ("<a>", 0, "</a>", 1)
    assert stand_ins.layout(f"{second}{first}.") == (1, 0, ".")


@pytest.mark.parametrize("change", [str.upper, lambda text: text[1:], lambda _: ""])
def test_a_template_that_changes_a_message_is_refused(change):
    stand_ins = placeholders(2)
    first, second = stand_ins.marks
    with pytest.raises(LayoutProblem, match="leaves out 1 of 2"):
        stand_ins.layout(f"<a>{change(first)}</a>{second}")


def test_a_message_that_looks_like_a_placeholder_is_text():
    mark = placeholders(1).marks[0]
    assert chat_prompt(("<a>", 0), [Message("user", mark)]) == (Markup("<a>"), mark)


def test_empty_messages_leave_no_empty_pieces():
    assert chat_prompt(("<a>", 0, "</a>"), [Message("user", "")]) == (
        Markup("<a>"),
        Markup("</a>"),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\ud800", "a\ufffd"), ("\ud83d\ude42", "🙂"), ("\udc00é", "\ufffdé"), ("", "")],
)
def test_lone_surrogates_are_replaced(text, expected):
    assert clean(text) == expected
    clean(text).encode()
    assert chat_prompt((0,), [Message("user", text)]) == ((expected,) if expected else ())


def test_a_system_text_may_begin_the_first_message_instead():
    assert joined_system([SYSTEM, USER]) == (Message("user", "Be brief.\n\nWhy?"),)
    assert joined_system([USER]) == (USER,)


THINK = answer_marks(None)
HARMONY = answer_marks("<|channel|>analysis<|message|>")


@pytest.mark.parametrize(
    ("marks", "last", "begun"),
    [
        (THINK, "assistant\n", False),
        (THINK, "<think>\n", True),
        (THINK, "<think>\n\n</think>\n\n", False),
        (HARMONY, "<|end|><|start|>assistant", False),
        (answer_marks("[BEGIN FINAL RESPONSE]"), "Here are my reasoning steps:\n", True),
        (answer_marks(">>>all"), "assistant>>>", False),
    ],
)
def test_a_template_may_open_the_thinking(marks, last, begun):
    asked = thinking((0, last), marks, 5, 1000.0)
    assert (asked.begun, asked.budget_tokens) == (begun, 5)


def test_a_layout_that_ends_with_a_message_opens_no_thinking():
    assert not thinking(("<think>", 0), THINK, 5, 1000.0).begun


def test_the_text_that_ends_thinking_leads_to_the_answer():
    assert thinking((0,), THINK, 5, 1.0).conclusion.endswith("\n</think>\n\n")
    assert thinking((0,), HARMONY, 5, 1.0).conclusion.endswith(
        "\n<|end|><|start|>assistant<|channel|>final<|message|>"
    )
