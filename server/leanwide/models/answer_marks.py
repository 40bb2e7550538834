"""How models mark their thinking and their answer, by what their chat templates contain.

One row for each way. The marks are those of the chat templates in llama.cpp's collection
(``models/templates``) and of its parsers (``common/parsers``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen


@frozen(kw_only=True)
class AnswerMarks:
    """The marks in a generated text. Only the answer, without marks, is for the user."""

    openings: tuple[str, ...]
    """Texts that begin thinking; empty for a model that only marks its answer."""
    closing: str
    """Text that ends thinking."""
    turn: str = ""
    """Text that may stand before every mark but the first."""
    leads: tuple[str, ...] = ()
    """Texts that may stand before the answer; the first is the usual one."""
    tail: str = ""
    """Text that ends the answer; "" where only the end-of-generation token does."""

    @property
    def texts(self) -> tuple[str, ...]:
        """All marks; "" for those that the model has not."""
        return (*self.openings, self.closing, self.turn, *self.leads, self.tail)


@frozen(kw_only=True)
class _Family:
    signs: tuple[str, ...]
    """A template that contains all of these texts is of this family."""
    marks: AnswerMarks
    thinking: Mapping[str, Any] = {}
    """Variables that the templates read where the model may think, besides the usual ones."""
    not_thinking: Mapping[str, Any] = {}
    """The same where it may not."""


_USUAL: Final = AnswerMarks(openings=("<think>",), closing="</think>")

_FAMILIES: Final = (
    _Family(  # gpt-oss: OpenAI's harmony format
        signs=("<|channel|>analysis<|message|>",),
        marks=AnswerMarks(
            openings=("<|channel|>analysis<|message|>", "<|channel|>commentary<|message|>"),
            closing="<|end|>",
            turn="<|start|>assistant",
            leads=("<|channel|>final<|message|>",),
            tail="<|end|>",
        ),
        not_thinking={"reasoning_effort": "low"},  # it cannot be asked for none
    ),
    _Family(  # Muse Glimmer
        signs=(" to=self<|message|>",),
        marks=AnswerMarks(
            openings=(" to=self<|message|>",),
            closing="<|eom|>",
            turn="<|start|>assistant",
            leads=(" to=user<|message|>", "<|message|>"),
            tail="<|eom|>",
        ),
    ),
    _Family(  # Solar Open
        signs=("<|think|>", "<|content|>"),
        marks=AnswerMarks(
            openings=("<|think|>",),
            closing="<|end|>",
            turn="<|begin|>assistant",
            leads=("<|content|>",),
            tail="<|end|>",
        ),
        not_thinking={"reasoning_effort": "minimal"},
    ),
    _Family(  # Kimi K3
        signs=("<|open|>", "<|sep|>", "think"),
        marks=AnswerMarks(
            openings=("<|open|>think<|sep|>",),
            closing="<|close|>think<|sep|>",
            leads=("<|open|>response<|sep|>",),
            tail="<|close|>response<|sep|>",
        ),
    ),
    _Family(  # Cohere's Mixture-of-Experts models
        signs=("<|START_THINKING|>", "<|START_TEXT|>"),
        marks=AnswerMarks(
            openings=("<|START_THINKING|>",),
            closing="<|END_THINKING|>",
            leads=("<|START_TEXT|>",),
            tail="<|END_TEXT|>",
        ),
        thinking={"reasoning": True},
        not_thinking={"reasoning": False},
    ),
    _Family(  # Cohere Command R7B, Command A
        signs=("<|START_THINKING|>",),
        marks=AnswerMarks(
            openings=("<|START_THINKING|>",),
            closing="<|END_THINKING|>",
            leads=("<|START_RESPONSE|>",),
            tail="<|END_RESPONSE|>",
        ),
    ),
    _Family(  # Gemma 4
        signs=("<|channel>thought",),
        marks=AnswerMarks(openings=("<|channel>thought",), closing="<channel|>"),
    ),
    _Family(  # Seed-OSS
        signs=("<seed:think>",),
        marks=AnswerMarks(openings=("<seed:think>",), closing="</seed:think>"),
        not_thinking={"thinking_budget": 0},
    ),
    _Family(  # MiniMax M3
        signs=("<mm:think>",),
        marks=AnswerMarks(openings=("<mm:think>",), closing="</mm:think>"),
        thinking={"thinking_mode": "enabled"},
        not_thinking={"thinking_mode": "disabled"},
    ),
    _Family(  # Hunyuan 3
        signs=("<think{}>", ":opensource"),
        marks=AnswerMarks(openings=("<think:opensource>",), closing="</think:opensource>"),
        thinking={"reasoning_effort": "high"},
        not_thinking={"reasoning_effort": "no_think"},
    ),
    _Family(  # Ministral Reasoning, Magistral
        signs=("[THINK]",),
        marks=AnswerMarks(openings=("[THINK]",), closing="[/THINK]"),
    ),
    _Family(  # Apriel
        signs=("[BEGIN FINAL RESPONSE]",),
        marks=AnswerMarks(
            openings=("Here are my reasoning steps:",),
            closing="[BEGIN FINAL RESPONSE]",
            tail="[END FINAL RESPONSE]",
        ),
    ),
    _Family(  # Apertus
        signs=("<|inner_prefix|>",),
        marks=AnswerMarks(openings=("<|inner_prefix|>",), closing="<|inner_suffix|>"),
    ),
    _Family(  # Granite 3
        signs=("<think></think>", "<response></response>"),
        marks=AnswerMarks(
            openings=("<think>",), closing="</think>", leads=("<response>",), tail="</response>"
        ),
    ),
    _Family(  # Functionary: the prompt ends with ">>>", and a recipient comes first
        signs=(">>>all",),
        marks=AnswerMarks(openings=(), closing="", leads=("all\n",)),
    ),
    _Family(signs=("</think>",), marks=_USUAL),  # Qwen, DeepSeek, GLM, Kimi K2 and many others
)

_PLAIN: Final = _Family(signs=(), marks=_USUAL)

CLOSINGS: Final = frozenset(row.marks.closing for row in _FAMILIES if row.marks.closing)
"""The marks that end thinking, of all families."""


def answer_marks(template: str | None) -> AnswerMarks:
    """Return the marks of models with a chat template; the usual ones where it has none."""
    return _family(template).marks


def thinks(template: str | None) -> bool:
    """Whether a model with this template thinks before it answers."""
    family = _family(template)
    return family is not _PLAIN and bool(family.marks.openings)


def answers_at_once(template: str | None) -> bool:
    """Whether the answer of a model with this template begins where its prompt ends."""
    return not thinks(template) and not answer_marks(template).leads


def thinking_variables(template: str | None, *, thinking: bool) -> Mapping[str, Any]:
    """Return variables for a template that tell the model whether it may think."""
    family = _family(template)
    own = family.thinking if thinking else family.not_thinking
    return {"enable_thinking": thinking, "thinking": thinking, **own}


def _family(template: str | None) -> _Family:
    text = template or ""
    fitting = (row for row in _FAMILIES if all(sign in text for sign in row.signs))
    return next(fitting, _PLAIN)
