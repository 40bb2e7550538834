"""Conversations whose layout is the server's: they go there as messages.

Such a model is given a chat template of ours, by which a question is laid out like every other:
the layout's markup, which no message can contain, says afterwards whose turn each text is.
"""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

from leanwide.engine.requests import Markup, Prompt

TEMPLATE: Final = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor -%}
<|im_start|>assistant
{% if not enable_thinking %}<think>

</think>

{% endif %}"""
"""ChatML, with an empty thinking where the model may not think."""
_TURN: Final = re.compile(r"<\|im_start\|>(\w+)\n")


@frozen(kw_only=True)
class ChatMessages:
    """A conversation that an assistant goes on with."""

    messages: tuple[tuple[str, str], ...]
    """Role and text of each."""
    may_think: bool


def messages_of(prompt: Prompt) -> ChatMessages | None:
    """Return the conversation that a prompt lays out; None: it is none, or not by our template."""
    turns: list[tuple[str, list[str]]] = []
    for piece in prompt:
        if isinstance(piece, Markup):
            turns += [(role, []) for role in _TURN.findall(piece.text)]
        elif isinstance(piece, str) and turns:
            turns[-1][1].append(piece)
        else:
            return None
    if len(turns) < 2 or turns[-1] != ("assistant", []):
        return None
    last = prompt[-1]
    return ChatMessages(
        messages=tuple((role, "".join(texts)) for role, texts in turns[:-1]),
        may_think=isinstance(last, Markup) and "</think>" not in last.text,
    )
