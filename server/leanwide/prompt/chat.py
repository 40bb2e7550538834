"""A conversation as a prompt, laid out by the model's own chat template, ChatML where it has none.

The template is rendered with unguessable placeholders for the contents of the messages, and split
at them. So only what the template itself wrote can become special tokens: text of the user is
never read together with it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any, Final

from attrs import frozen

from leanwide.engine.base import Markup, Prompt, Thinking

THINK_OPEN: Final = "<think>"
THINK_CLOSE: Final = "</think>"
_END_OF_THINKING: Final = (
    f"\n\nI have thought long enough; now I give the answer.\n{THINK_CLOSE}\n\n"
)
"""Ends thinking whose budget is spent, in the model's own voice, as Qwen3's authors do it."""


@frozen
class Message:
    """One turn of a conversation."""

    role: str
    """``system``, ``user`` or ``assistant``."""
    text: str


Layout = tuple[str | int, ...]
"""What a template makes of a conversation: its own text, and numbers of messages in between."""


class LayoutProblem(Exception):  # noqa: N818  # the template's, not the program's
    """The template did something else with the messages than to lay them out."""


@frozen
class Placeholders:
    """Stand-ins for the contents of so many messages while a template is rendered."""

    marks: tuple[str, ...]

    def variables(self, roles: Sequence[str], settings: dict[str, Any]) -> dict[str, Any]:
        """What a template is given: the messages, and settings such as ``bos_token``."""
        messages = [
            {"role": role, "content": mark} for role, mark in zip(roles, self.marks, strict=True)
        ]
        return {"messages": messages, "add_generation_prompt": True, **settings}

    def layout(self, rendered: str) -> Layout:
        """Split what was rendered.

        Raises:
            LayoutProblem: A message is missing: the template changed it, or left it out.
        """
        if missing := [mark for mark in self.marks if mark not in rendered]:
            raise LayoutProblem(f"it leaves out {len(missing)} of {len(self.marks)} messages")
        if not self.marks:
            return (rendered,)
        parts = re.split("|".join(self.marks), rendered)
        numbers = [self.marks.index(mark) for mark in re.findall("|".join(self.marks), rendered)]
        pairs = zip(parts, [*numbers, None], strict=True)
        return tuple(one for pair in pairs for one in pair if one not in (None, ""))


def placeholders(count: int) -> Placeholders:
    """Make stand-ins that no text holds by chance or by guessing."""
    return Placeholders(tuple(f"text{secrets.token_hex(16)}end" for _ in range(count)))


CHATML_MARKERS: Final = ("<|im_end|>", "<|im_start|>")
"""What ends an answer in ChatML; a model that does not know it spells them."""


def chatml(roles: Sequence[str]) -> Layout:
    """Lay out a conversation in ChatML."""
    layout: list[str | int] = []
    lead = ""
    for number, role in enumerate(roles):
        layout += [f"{lead}<|im_start|>{role}\n", number]
        lead = "<|im_end|>\n"
    return (*layout, f"{lead}<|im_start|>assistant\n")


def chat_prompt(layout: Layout, messages: Sequence[Message]) -> Prompt:
    """Put the messages into a layout; empty pieces are left out."""
    pieces = (
        clean(messages[part].text) if isinstance(part, int) else Markup(clean(part))
        for part in layout
    )
    return tuple(piece for piece in pieces if piece)


def joined_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The same for a template without a system role: its text begins the first user message."""
    if len(messages) < 2 or messages[0].role != "system":
        return tuple(messages)
    system, first, *rest = messages
    return (Message(first.role, f"{system.text}\n\n{first.text}"), *rest)


def thinking(layout: Layout, budget_tokens: int, deadline_ms: float) -> Thinking:
    """Say what thinking is in an answer to a prompt of this layout, and how much is wanted."""
    last = layout[-1] if layout and isinstance(layout[-1], str) else ""
    return Thinking(
        opening=THINK_OPEN,
        closing=THINK_CLOSE,
        budget_tokens=budget_tokens,
        conclusion=_END_OF_THINKING,
        begun=last.rfind(THINK_OPEN) > last.rfind(THINK_CLOSE),
        deadline_ms=deadline_ms,
    )


def thinks(template: str | None) -> bool:
    """Whether a model with this template thinks before it answers."""
    return template is not None and THINK_CLOSE in template


def clean(text: str) -> str:
    """The text with U+FFFD for lone surrogates, which no encoding has."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
