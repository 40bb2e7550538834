"""Lay out conversations by the model's chat template, which is rendered once for each shape.

A layout does not depend on the contents of the messages, so it is cached.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from asyncio.subprocess import DEVNULL
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from attrs import field, frozen

from leanwide import child
from leanwide.engine.specs import ModelInfo
from leanwide.features.template_process import TemplateLimit, TemplateProblem
from leanwide.models.answer_marks import AnswerMarks, answer_marks, thinking_variables
from leanwide.prompt.chat import (
    CHATML_MARKERS,
    ContentForm,
    Layout,
    LayoutProblem,
    Message,
    chatml,
    joined_system,
    placeholders,
)

logger = logging.getLogger(__name__)

_PROCESS: Final = "leanwide.features.template_process"
_TIMEOUT_S: Final = 20.0
"""Seconds after which rendering is given up; its processor time has a lower limit."""
_MAX_LAYOUTS: Final = 500
"""Each length of a conversation has a layout; the oldest is dropped first."""


@frozen
class Conversation:
    """Messages and the layout that fits them."""

    messages: tuple[Message, ...]
    layout: Layout
    marks: AnswerMarks
    """How an answer marks thinking."""
    problem: str | None = None
    """Why the model's own template is not used, a sentence; None if it is."""
    stops: tuple[str, ...] = ()
    """Texts that end an answer."""


@frozen
class _ConversationShape:
    """What a layout depends on."""

    model: ModelInfo = field(eq=lambda model: (model.path, model.chat_template))
    roles: tuple[str, ...]
    thinking: bool
    form: ContentForm

    @property
    def settings(self) -> dict[str, Any]:
        """What templates read besides the messages; ``functions`` are Firefunction's tools."""
        return {
            "bos_token": self.model.bos_text,
            "eos_token": self.model.eos_text,
            "documents": None,
            "functions": "",
            "datetime": datetime.now().astimezone().strftime("%b %d %Y"),
            **thinking_variables(self.model.chat_template, thinking=self.thinking),
        }


class ChatTemplateCache:
    """Layouts by model and shape of the conversation."""

    def __init__(self) -> None:
        self._layouts: dict[_ConversationShape, Layout | TemplateProblem] = {}

    async def lay_out(
        self, messages: Sequence[Message], model: ModelInfo, *, thinking: bool
    ) -> Conversation:
        """Lay out a conversation; in ChatML if the model's template is missing or fails.

        For a template that knows no system role, the system text goes into the first user message;
        one that reads no plain texts is given parts.

        Args:
            messages: The messages so far.
            model: The model, with its template.
            thinking: Whether the model may think before it answers.
        """
        whole, problem = tuple(messages), None
        marks = answer_marks(model.chat_template)
        if model.chat_template is not None:
            variants = dict.fromkeys((whole, joined_system(whole)))
            for form, variant in itertools.product(ContentForm, variants):
                shape = _ConversationShape(model, _roles(variant), thinking, form)
                layout = await self._layout(shape)
                if not isinstance(layout, TemplateProblem):
                    return Conversation(variant, layout, marks, stops=_spelt_stops(model, marks))
                problem = problem or f"the model's chat template failed: {layout}"
                if isinstance(layout, TemplateLimit):
                    break
            logger.warning("%s: ChatML is used instead", problem)
        else:
            problem = f"{model.name} has no chat template"
        return Conversation(whole, chatml(_roles(whole)), marks, problem, CHATML_MARKERS)

    async def _layout(self, shape: _ConversationShape) -> Layout | TemplateProblem:
        """Return a cached layout, or render it; also a failure is cached."""
        known = self._layouts.get(shape)
        if known is None:
            contents = placeholders(len(shape.roles))
            variables = contents.variables(shape.roles, shape.settings, shape.form)
            try:
                rendered = await render_apart(shape.model.chat_template or "", variables)
                known = contents.layout(rendered)
            except TemplateProblem as problem:
                known = problem
            except LayoutProblem as problem:
                known = TemplateProblem(str(problem))
            self._layouts[shape] = known
            if len(self._layouts) > _MAX_LAYOUTS:
                del self._layouts[next(iter(self._layouts))]
        return known


def _spelt_stops(model: ModelInfo, marks: AnswerMarks) -> tuple[str, ...]:
    """Return the markers that end an answer of a model that can only spell them."""
    own = " ".join(marks.texts)
    return tuple(marker for marker in model.spelt_markers if marker not in own)


def _roles(messages: Sequence[Message]) -> tuple[str, ...]:
    return tuple(message.role for message in messages)


async def render_apart(template: str, variables: Mapping[str, Any]) -> str:
    """Render a template in a separate process, with limited time and memory.

    Raises:
        TemplateProblem: It cannot be rendered.
    """
    process = await child.start(child.python("-m", _PROCESS), stderr=DEVNULL)
    job = json.dumps({"template": template, "variables": variables}).encode()
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            output, _ = await process.communicate(job)
        answer = json.loads(output)
    except (TimeoutError, ValueError) as error:
        raise TemplateLimit("it takes too long or too much memory") from error
    finally:
        await child.end(process)
    if "problem" in answer:
        raise TemplateProblem(answer["problem"])
    return str(answer["text"])
