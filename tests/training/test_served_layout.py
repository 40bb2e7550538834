"""Samples are laid out as the server lays out its prompts: token by token."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from random import Random

import pytest
from training.corpus.packages import Package, SourceFile
from training.data import file_samples, holes, layout, syntaxes
from training.data.holes import Hole
from training.data.layout import Snippet
from training.data.markers import (
    CHAT_TEMPLATE,
    FILE_SEP,
    FIM_MIDDLE,
    FIM_PREFIX,
    FIM_SUFFIX,
    ID,
    SPECIAL,
)

from leanwide.context.snippet import Snippet as ServedSnippet
from leanwide.context.view import Snapshot, split_lines
from leanwide.context.window import ChosenLines, Related, Window, new_window
from leanwide.engine.requests import Markup, Prompt
from leanwide.engine.specs import FimTokens
from leanwide.features.template_process import render
from leanwide.prompt.chat import Message, chat_prompt, placeholders
from leanwide.prompt.infill import infill_prompt
from leanwide.syntax import language_for
from tests.training.texts import TEXTS

FIM = FimTokens(
    prefix=ID[FIM_PREFIX],
    suffix=ID[FIM_SUFFIX],
    middle=ID[FIM_MIDDLE],
    file_separator=ID[FILE_SEP],
)
MARKERS = re.compile("(" + "|".join(map(re.escape, SPECIAL)) + ")")


def source_file(language: str, path: str, text: str) -> SourceFile:
    package = Package(registry="npm", name="a", version="1", licence="MIT", held_out=False)
    return SourceFile(package=package, path=path, language=language, text=text)


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


def holes_of(language: str) -> Iterator[Hole]:
    path, text = TEXTS[language]
    parsed = file_samples.parsed(source_file(language, path, text))
    assert parsed is not None
    for spans in parsed.spans.values():
        for span in spans:
            yield holes.cut(text, span, holes.Window(before=10_000, after=10_000))


@pytest.mark.parametrize("language", TEXTS)
def test_a_hole_of_every_language_is_what_the_server_sends_while_it_is_typed(language: str) -> None:
    path, _ = TEXTS[language]
    for hole in holes_of(language):
        typed = hole.middle.split("\n")[0]
        line = hole.prefix.count("\n")
        rest, _, below = hole.suffix.partition("\n")
        document = Snapshot(
            uri=f"file:///{path}",
            path=path,
            language_id=language,
            version=1,
            lines=tuple(split_lines(hole.prefix + typed + hole.suffix)),
        )
        chosen = ChosenLines(before=hole.prefix, after=below)

        sent = new_window(document.at(line, len(typed)), chosen, len)

        prompt = served(infill_prompt(sent, FIM))
        sample = layout.infill(path, (), hole, encode)
        assert rest == hole.suffix or sent.after.startswith(f"{rest}\n")
        assert sample.tokens[: len(prompt)] == prompt
        assert sample.tokens[sample.answer :][: len(typed)] == encode(typed)


@pytest.mark.parametrize("language", TEXTS)
def test_a_fence_names_the_language_as_the_server_does(language: str) -> None:
    path, text = TEXTS[language]
    grammar = language_for("", path)
    assert grammar is not None
    syntax = syntaxes.syntax_of(source_file(language, path, text))
    assert syntax is not None

    requests = [pair.request for make in syntax.functions() for pair in make(Random(1))]

    assert requests
    assert all(f"\n```{grammar.name}\n" in request for request in requests)
