"""Every chat template of llama.cpp's collection: ``make test-templates``.

The templates are others' work and are not kept here. Small ones of our own, in tests/features, show
each kind of them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from leanwide.engine.process.thinking import ThoughtStream
from leanwide.engine.requests import Thinking
from leanwide.features.template_process import TemplateProblem, render_without_tools
from leanwide.models.answer_marks import thinking_variables, thinks
from leanwide.prompt.chat import thinking
from leanwide_bench.generated_section import with_section
from leanwide_bench.templates_table import BEGIN, CONVERSATION, END, LaidOut, lay_out_all, table

PAGE = Path(__file__).parents[2] / "docs" / "models.md"
QUESTION = {"role": "user", "content": "Question?"}
REASONED = {"role": "assistant", "content": "ANSWER", "tool_calls": []} | dict.fromkeys(
    ("reasoning_content", "reasoning", "thinking", "thought"), "REASON"
)
"""An answer with thinking, under every name that templates use for it."""


@pytest.fixture(scope="module")
def laid_out(request: pytest.FixtureRequest) -> list[LaidOut]:
    folder: Path | None = request.config.getoption("--templates")
    if folder is None:
        pytest.skip("run with make test-templates")
    found = lay_out_all(folder)
    assert found
    return found


def test_every_template_is_laid_out_or_refused_with_a_reason(laid_out: list[LaidOut]):
    for one in laid_out:
        for conversation in (one.thinking, one.not_thinking):
            if conversation.problem is None:
                asked = [message.text for message in conversation.messages]
                assert all(any(m.text in text for text in asked) for m in CONVERSATION), one.name
                assert set(range(len(asked))) <= set(conversation.layout), one.name
            else:
                assert re.fullmatch(r"the model's chat template failed: .+", conversation.problem)


def test_the_page_is_up_to_date(laid_out: list[LaidOut]):
    page = PAGE.read_text("utf-8")
    assert page == with_section(page, BEGIN, END, table(laid_out))


def test_thinking_as_the_template_writes_it_is_told_from_the_answer(laid_out: list[LaidOut]):
    checked = 0
    for one in laid_out:
        asked = thinking(one.thinking.layout, one.thinking.marks, 99, 1e9)
        generated = written_by_the_model(one.template)
        if generated is None:
            continue
        checked += 1
        thought, answer = told_apart(generated, asked)
        assert thought.strip() == "REASON", one.name
        assert answer.lstrip().startswith("ANSWER"), one.name
        assert thinks(one.template), one.name
    assert checked > len(laid_out) / 4


def written_by_the_model(template: str) -> str | None:
    """Return an answer with thinking as a model writes it; None if the template drops thinking."""
    variables: dict[str, Any] = {
        "bos_token": "<s>",
        "eos_token": "</s>",
        **thinking_variables(template, thinking=True),
    }
    prompt = {**variables, "messages": [QUESTION], "add_generation_prompt": True}
    whole = {**variables, "messages": [QUESTION, REASONED], "add_generation_prompt": False}
    try:
        before, text = (render_without_tools(template, job) for job in (prompt, whole))
    except TemplateProblem:
        return None
    return text.removeprefix(before) if text.startswith(before) and "REASON" in text else None


def told_apart(generated: str, asked: Thinking) -> tuple[str, str]:
    """Return the thinking and the answer of a generated text."""
    stream = ThoughtStream(asked)
    pieces = [*(piece for part in generated for piece in stream.push(part)), *stream.flush()]
    thought = "".join(piece.text for piece in pieces if piece.thought)
    return thought, "".join(piece.text for piece in pieces if not piece.thought)
