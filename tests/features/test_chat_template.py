"""Layouts by a model's template, rendered in a separate process; ChatML where that fails."""

from __future__ import annotations

import re
import sys
import time

import attrs
import psutil
import pytest

from leanwide.engine.scripted import SCRIPTED_MODEL
from leanwide.features import chat_template as layouts
from leanwide.features.chat_template import ChatTemplateCache, Conversation
from leanwide.features.template_process import TemplateLimit
from leanwide.models.answer_marks import answer_marks
from leanwide.prompt.chat import Message, chatml
from leanwide_bench.synthetic.vocabulary import CHAT_TEMPLATE

MESSAGES = (Message("system", "Be brief."), Message("user", "Why?"))
CHATML = chatml(("system", "user"))
USUAL = answer_marks(None)


async def lay_out(template: str | None, *, thinking: bool = False) -> Conversation:
    model = attrs.evolve(SCRIPTED_MODEL, chat_template=template, bos_text="<s>")
    return await ChatTemplateCache().lay_out(MESSAGES, model, thinking=thinking)


async def test_the_models_template_is_used():
    template = "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
    laid = await lay_out(template)
    assert laid == Conversation(MESSAGES, ("<s>[system]", 0, "[user]", 1), USUAL)


async def test_the_usual_template_is_chatml():
    laid = await lay_out(CHAT_TEMPLATE)
    assert laid.problem is None
    assert "".join(map(str, laid.layout)).strip() == "".join(map(str, CHATML)).strip()


async def test_a_model_without_a_template_gets_chatml():
    laid = await lay_out(None)
    assert (laid.messages, laid.layout) == (MESSAGES, CHATML)
    assert laid.problem is not None
    assert laid.problem.endswith("has no chat template")
    assert laid.stops == ("<|im_end|>", "<|im_start|>")


async def test_a_template_reads_whether_the_model_may_think():
    template = "{{ messages[0].content }}{{ messages[1].content }}{{ enable_thinking }}"
    assert (await lay_out(template, thinking=True)).layout[-1] == "True"
    assert (await lay_out(template, thinking=False)).layout[-1] == "False"


async def test_a_template_without_a_system_role_gets_one_message():
    template = (
        "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "<u>{{ messages[0].content }}"
    )
    laid = await lay_out(template)
    assert laid == Conversation((Message("user", "Be brief.\n\nWhy?"),), ("<u>", 0), USUAL)


MESSAGES_IN_TURN = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
"""The usual part of a template."""


@pytest.mark.parametrize(
    "template",
    [
        MESSAGES_IN_TURN + "{% for tool in tools %}{{ tool }}{% endfor %}",
        MESSAGES_IN_TURN + "{{ '[TOOLS]' if tools is not none else '' }}",
        MESSAGES_IN_TURN + "{{ '\n' + functions + datetime[:0] }}",
        "{% for m in messages %}<{{ m.role }}>{% generation %}{{ m.content }}{% endgeneration %}"
        "{% endfor %}",
    ],
    ids=["iterates over tools", "tests for tools", "Firefunction", "for training"],
)
async def test_a_template_is_rendered_for_a_conversation_without_tools(template: str):
    laid = await lay_out(template)
    assert laid.problem is None
    assert "".join(map(str, laid.layout)).strip() == "<system>0<user>1"


async def test_the_marks_of_an_answer_are_those_of_the_template():
    laid = await lay_out(MESSAGES_IN_TURN + "{# <|channel|>analysis<|message|> #}")
    assert laid.marks.closing == "<|end|>"


async def test_markers_that_the_model_can_only_spell_end_its_answer():
    model = attrs.evolve(
        SCRIPTED_MODEL,
        chat_template=MESSAGES_IN_TURN,
        spelt_markers=("<|im_end|>", "<think>", "</think>"),
    )
    laid = await ChatTemplateCache().lay_out(MESSAGES, model, thinking=False)
    assert laid.stops == ("<|im_end|>",)


async def test_a_model_may_be_told_in_its_own_words_not_to_think():
    template = MESSAGES_IN_TURN + "{# <mm:think> #}{{ thinking_mode }}"
    assert (await lay_out(template, thinking=True)).layout[-1] == "enabled"
    assert (await lay_out(template, thinking=False)).layout[-1] == "disabled"


async def test_a_template_that_leaves_out_the_system_role_gets_one_message():
    template = "{% for m in messages if m.role == 'user' %}<u>{{ m.content }}{% endfor %}"
    laid = await lay_out(template)
    assert laid == Conversation((Message("user", "Be brief.\n\nWhy?"),), ("<u>", 0), USUAL)


async def test_a_template_that_reads_parts_gets_parts():
    template = (
        "{% for m in messages %}<{{ m.role }}>{% for part in m.content %}"
        "{% if part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}{% endfor %}"
    )
    laid = await lay_out(template)
    assert laid == Conversation(MESSAGES, ("<system>", 0, "<user>", 1), USUAL)


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ raise_exception('never') }}", "never"),
        ("{{ messages[-1].content | upper }}", "leaves out"),
        (
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "too long or too much memory",
        ),
        (
            "{% set s = namespace(t='xxxxxxxx') %}"
            "{% for a in range(60) %}{% set s.t = s.t ~ s.t %}{% endfor %}",
            "MemoryError|too long or too much memory",
        ),
    ],
    ids=["raises", "changes a message", "never ends", "fills the memory"],
)
async def test_a_template_that_fails_is_replaced_by_chatml_with_the_reason(template, problem):
    laid = await lay_out(template)
    assert (laid.messages, laid.layout) == (MESSAGES, CHATML)
    assert laid.problem is not None
    assert "the model's chat template failed" in laid.problem
    assert re.search(problem, laid.problem)


async def test_a_template_without_end_is_tried_once(monkeypatch):
    tried = []

    async def too_long(template, variables):
        tried.append(template)
        raise TemplateLimit("it takes too long or too much memory")

    monkeypatch.setattr(layouts, "render_apart", too_long)
    laid = await lay_out("x")
    assert laid.problem is not None
    assert len(tried) == 1


async def test_a_layout_is_rendered_once(monkeypatch):
    rendered = []

    async def count(template, variables):
        rendered.append(template)
        return "".join(message["content"] for message in variables["messages"])

    monkeypatch.setattr(layouts, "render_apart", count)
    kept = ChatTemplateCache()
    model = attrs.evolve(SCRIPTED_MODEL, chat_template="x")
    for text in ("a", "b", "c"):
        await kept.lay_out((Message("user", text),), model, thinking=False)
    assert len(rendered) == 1


ENDLESS = """
import asyncio
from leanwide.features.chat_template import render_apart

loop = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
asyncio.run(render_apart(loop, {}))
"""


def test_a_template_that_is_being_rendered_ends_soon_after_the_server_was_killed():
    server = psutil.Popen([sys.executable, "-c", ENDLESS])
    while not (children := server.children()):
        time.sleep(0.01)
    server.kill()
    server.wait()
    gone, alive = psutil.wait_procs(children, timeout=60)
    assert gone
    assert not alive
