"""A conversation as a prompt, laid out by the model's chat template, or in ChatML without one.

The template is rendered with unguessable placeholders for the contents of the messages, and split
at them. So only text of the template itself can become special tokens, never text of the user.
"""

from __future__ import annotations

import enum
import re
import secrets
from collections.abc import Sequence
from typing import Any, Final

from attrs import frozen

from leanwide.engine.requests import Markup, Prompt, Thinking
from leanwide.models.answer_marks import AnswerMarks

_LAST_THOUGHT: Final = "\n\nI have thought long enough; now I give the answer.\n"
"""Ends thinking when its budget is spent, worded as by the model, as Qwen3's authors do it."""


@frozen
class Message:
    """One message of a conversation."""

    role: str
    """``system``, ``user`` or ``assistant``."""
    text: str


Layout = tuple[str | int, ...]
"""A rendered template: its own text, and the indexes of messages in between."""


class LayoutProblem(Exception):  # noqa: N818  # the template's, not the program's
    """The template changed the messages, or left some out."""


class ContentForm(enum.Enum):
    """How a template is given the content of a message."""

    TEXT = enum.auto()
    PARTS = enum.auto()
    """A list of one part of type ``text``, for models that read pictures as well."""


@frozen
class Placeholders:
    """Stand for the contents of messages while a template is rendered."""

    marks: tuple[str, ...]

    def variables(
        self,
        roles: Sequence[str],
        settings: dict[str, Any],
        form: ContentForm = ContentForm.TEXT,
    ) -> dict[str, Any]:
        """Return what a template reads: the messages, and settings such as ``bos_token``."""
        contents: Sequence[Any] = self.marks
        if form is ContentForm.PARTS:
            contents = [[{"type": "text", "text": mark}] for mark in self.marks]
        messages = [
            {"role": role, "content": content}
            for role, content in zip(roles, contents, strict=True)
        ]
        return {"messages": messages, "add_generation_prompt": True, **settings}

    def layout(self, rendered: str) -> Layout:
        """Split a rendered template at the placeholders.

        Raises:
            LayoutProblem: The template changed a message, or left it out.
        """
        if missing := [mark for mark in self.marks if mark not in rendered]:
            raise LayoutProblem(f"it leaves out {len(missing)} of {len(self.marks)} messages")
        if not self.marks:
            return (rendered,)
        parts = re.split("|".join(self.marks), rendered)
        numbers = [self.marks.index(mark) for mark in re.findall("|".join(self.marks), rendered)]
        pairs = zip(parts, [*numbers, None], strict=True)
        return tuple(part for pair in pairs for part in pair if part not in (None, ""))


def placeholders(count: int) -> Placeholders:
    """Return placeholders that cannot occur in a text, nor be guessed."""
    return Placeholders(tuple(f"text{secrets.token_hex(16)}end" for _ in range(count)))


CHATML_MARKERS: Final = ("<|im_end|>", "<|im_start|>")
"""What ends an answer in ChatML; a model that lacks these tokens spells them."""


def chatml(roles: Sequence[str]) -> Layout:
    """Return the layout of a conversation in ChatML."""
    layout: list[str | int] = []
    lead = ""
    for number, role in enumerate(roles):
        layout += [f"{lead}<|im_start|>{role}\n", number]
        lead = "<|im_end|>\n"
    return (*layout, f"{lead}<|im_start|>assistant\n")


def chat_prompt(layout: Layout, messages: Sequence[Message]) -> Prompt:
    """Return a layout with the messages in it; empty pieces are left out."""
    pieces = (
        clean(messages[part].text) if isinstance(part, int) else Markup(clean(part))
        for part in layout
    )
    return tuple(piece for piece in pieces if piece)


def joined_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return messages without a system role: the system text begins the first user message."""
    if len(messages) < 2 or messages[0].role != "system":
        return tuple(messages)
    system, first, *rest = messages
    return (Message(first.role, f"{system.text}\n\n{first.text}"), *rest)


def thinking(
    layout: Layout, marks: AnswerMarks, budget_tokens: int, deadline_ms: float
) -> Thinking:
    """Return how thinking is marked in an answer to a prompt of this layout, and its limits."""
    last = layout[-1] if layout and isinstance(layout[-1], str) else ""
    opened = max((last.rfind(opening) for opening in marks.openings), default=-1)
    lead = marks.turn + marks.leads[0] if marks.leads else "\n\n"
    return Thinking(
        marks=marks,
        budget_tokens=budget_tokens,
        conclusion=f"{_LAST_THOUGHT}{marks.closing}{lead}",
        begun=opened > last.rfind(marks.closing),
        deadline_ms=deadline_ms,
    )


def clean(text: str) -> str:
    """Return the text with U+FFFD in place of lone surrogates, which cannot be encoded."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
