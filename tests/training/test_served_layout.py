"""Samples are laid out as the server lays out its prompts: token by token."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from training.data import layout
from training.data.holes import Hole
from training.data.markers import (
    CHAT_TEMPLATE,
    FILE_SEP,
    FIM_MIDDLE,
    FIM_PREFIX,
    FIM_SUFFIX,
    ID,
    SPECIAL,
)
from training.data.related import Snippet

from leanwide.context.snippet import Snippet as ServedSnippet
from leanwide.context.window import Related, Window
from leanwide.engine.requests import Markup, Prompt
from leanwide.engine.specs import FimTokens
from leanwide.features.template_process import render
from leanwide.prompt.chat import Message, chat_prompt, placeholders
from leanwide.prompt.infill import infill_prompt

FIM = FimTokens(
    prefix=ID[FIM_PREFIX],
    suffix=ID[FIM_SUFFIX],
    middle=ID[FIM_MIDDLE],
    file_separator=ID[FILE_SEP],
)
MARKERS = re.compile("(" + "|".join(map(re.escape, SPECIAL)) + ")")


def encode(text: str) -> list[int]:
    """A token for each character, none of them a marker."""
    return [100 + ord(character) for character in text]


def served(prompt: Prompt) -> list[int]:
    """Tokenize a prompt as the engine does: only markup may hold special tokens."""
    tokens: list[int] = []
    for piece in prompt:
        if isinstance(piece, int):
            tokens.append(piece)
        elif isinstance(piece, Markup):
            parts = (part for part in MARKERS.split(piece.text) if part)
            tokens += [token for p in parts for token in ([ID[p]] if p in ID else encode(p))]
        else:
            tokens += encode(piece)
    return tokens


def window(hole: Hole, path: str, snippets: Sequence[Snippet]) -> Window:
    related = tuple(ServedSnippet(snippet.path, snippet.text) for snippet in snippets)
    return Window(
        anchor_line=1,
        before=hole.prefix,
        typed=hole.middle,
        after=hole.suffix,
        tokens=0,
        head=(),
        tail=(),
        related=Related(path=path, snippets=related),
    )


@pytest.mark.parametrize("snippets", [(), (Snippet("b.py", "def b():\n"), Snippet("c.py", "c\n"))])
@pytest.mark.parametrize("suffix", ["\n    return total\n", ""])
def test_an_infill_sample_begins_with_the_prompt_that_the_server_sends(
    snippets: tuple[Snippet, ...], suffix: str
) -> None:
    hole = Hole("line", "def a():\n", "    total = ", suffix)

    sample = layout.infill("pkg/a.py", snippets, hole, encode)

    prompt = served(infill_prompt(window(hole, "pkg/a.py", snippets), FIM))
    assert sample.tokens[: len(prompt)] == prompt
    assert len(sample.tokens) == len(prompt) + 1  # the end of the text


@pytest.mark.parametrize("system", ["Explain code briefly.", ""])
def test_a_chat_prompt_is_what_the_model_s_own_template_makes_of_the_messages(system: str) -> None:
    turns = (Message("system", system), Message("user", "Explain this code."))
    messages = [turn for turn in turns if turn.text]
    marks = placeholders(len(messages))
    rendered = render(CHAT_TEMPLATE, marks.variables([turn.role for turn in messages], {}))

    prompt = served(chat_prompt(marks.layout(rendered), messages))

    assert layout.chat_prompt(system, "Explain this code.", encode) == prompt
