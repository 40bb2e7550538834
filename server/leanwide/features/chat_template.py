"""How conversations are laid out by the model's own template: rendered once for each shape.

The contents of messages do not matter for a layout, so it is kept, and asking again costs nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
from asyncio.subprocess import DEVNULL
from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import field, frozen

from leanwide import child
from leanwide.engine.base import ModelInfo
from leanwide.features.template_process import TemplateProblem
from leanwide.prompt.chat import (
    CHATML_MARKERS,
    Layout,
    LayoutProblem,
    Message,
    chatml,
    joined_system,
    placeholders,
)

logger = logging.getLogger(__name__)

_PROCESS: Final = "leanwide.features.template_process"
_PATIENCE: Final = 20.0
"""Seconds until rendering is given up; its processor time is bounded more tightly."""


@frozen
class Conversation:
    """Messages and the layout that fits them."""

    messages: tuple[Message, ...]
    layout: Layout
    problem: str = ""
    """Why the model's own template does not serve, a sentence; "" where it does."""
    stops: tuple[str, ...] = ()
    """Texts that end an answer."""


@frozen
class _ConversationShape:
    """What a layout depends on."""

    model: ModelInfo = field(eq=lambda model: (model.path, model.chat_template))
    roles: tuple[str, ...]
    thinking: bool

    @property
    def settings(self) -> dict[str, Any]:
        """What templates are given beside the messages."""
        return {
            "bos_token": self.model.bos_text,
            "eos_token": self.model.eos_text,
            "enable_thinking": self.thinking,
            "thinking": self.thinking,
            "tools": None,
            "documents": None,
        }


class ChatTemplateCache:
    """The layouts that were made so far."""

    def __init__(self) -> None:
        self._made: dict[_ConversationShape, Layout | TemplateProblem] = {}

    async def lay_out(
        self, messages: Sequence[Message], model: ModelInfo, thinking: bool
    ) -> Conversation:
        """Lay out a conversation; in ChatML where the model's template is missing or fails.

        A template that knows no system role gets the system text in the first user message.

        Args:
            messages: The turns so far.
            model: Whose template it is.
            thinking: Whether the model may think before it answers.
        """
        whole, problem = tuple(messages), ""
        if model.chat_template is not None:
            for turns in dict.fromkeys((whole, joined_system(whole))):
                layout = await self._made_once(_ConversationShape(model, _roles(turns), thinking))
                if not isinstance(layout, TemplateProblem):
                    return Conversation(turns, layout)
                problem = problem or f"the model's chat template failed: {layout}"
            logger.warning("%s: ChatML serves in its place", problem)
        else:
            problem = f"{model.name} has no chat template"
        return Conversation(whole, chatml(_roles(whole)), problem, CHATML_MARKERS)

    async def _made_once(self, shape: _ConversationShape) -> Layout | TemplateProblem:
        if shape not in self._made:
            try:
                self._made[shape] = await _make(shape)
            except TemplateProblem as problem:
                self._made[shape] = problem
        return self._made[shape]


def _roles(messages: Sequence[Message]) -> tuple[str, ...]:
    return tuple(message.role for message in messages)


async def _make(shape: _ConversationShape) -> Layout:
    stand_ins = placeholders(len(shape.roles))
    variables = stand_ins.variables(shape.roles, shape.settings)
    rendered = await render_apart(shape.model.chat_template or "", variables)
    try:
        return stand_ins.layout(rendered)
    except LayoutProblem as problem:
        raise TemplateProblem(str(problem)) from problem


async def render_apart(template: str, variables: Mapping[str, Any]) -> str:
    """Render a template in a process of its own, which may not take long nor much memory.

    Raises:
        TemplateProblem: It cannot be rendered.
    """
    process = await child.start(child.python("-m", _PROCESS), stderr=DEVNULL)
    job = json.dumps({"template": template, "variables": variables}).encode()
    try:
        async with asyncio.timeout(_PATIENCE):
            output, _ = await process.communicate(job)
        answer = json.loads(output)
    except (TimeoutError, ValueError) as error:
        raise TemplateProblem("it takes too long or too much memory") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if "problem" in answer:
        raise TemplateProblem(answer["problem"])
    return str(answer["text"])
