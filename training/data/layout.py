"""The token layout of every kind of sample, which is that of the server's prompts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.data.holes import Hole
from training.data.markers import (
    END_OF_TEXT,
    END_THINK,
    FILE_SEP,
    FIM_MIDDLE,
    FIM_PREFIX,
    FIM_SUFFIX,
    ID,
    IM_END,
    IM_START,
    THINK,
)
from training.data.pairs import Pair

Encode = Callable[[str], list[int]]
"""Returns the token ids of plain text; markers in it stay text."""
PROMPTS: Final = Path(__file__).parents[2] / "server/leanwide/configs/prompts"
SYSTEM_TEXTS: Final = {
    "explain": "explain",
    "say": "explain",
    "document": "document",
    "test": "test",
}
"""The server's system text by kind of pair; all other kinds are refactorings."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """The first lines of a definition, with the path of the file it stands in."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Token ids, and the index at which the answer begins; their number if there is none."""

    tokens: list[int]
    answer: int


def infill(path: str, snippets: Sequence[Snippet], hole: Hole, encode: Encode) -> Sample:
    """Return an infill prompt with its answer; each piece is tokenized on its own."""
    prompt = infill_prompt(path, snippets, hole, encode)
    return Sample([*prompt, *encode(hole.middle), ID[END_OF_TEXT]], len(prompt))


def infill_prompt(path: str, snippets: Sequence[Snippet], hole: Hole, encode: Encode) -> list[int]:
    """Return an infill prompt up to where the typed text begins."""
    tokens = []
    for snippet in snippets:
        tokens += [ID[FILE_SEP], *encode(f"{snippet.path}\n{snippet.text}")]
    if snippets:
        tokens += [ID[FILE_SEP], *encode(f"{path}\n")]
    return [
        *tokens, ID[FIM_PREFIX], *encode(hole.prefix), ID[FIM_SUFFIX], *encode(hole.suffix),
        ID[FIM_MIDDLE],
    ]  # fmt: skip


def chat(system: str, pair: Pair, encode: Encode) -> Sample:
    """Return a request and its answer in ChatML, as the chat template renders them."""
    return _answered(chat_prompt(system, pair.request, encode), pair.answer, encode)


def chat_without_thoughts(system: str, pair: Pair, encode: Encode) -> Sample:
    """Return a request and its answer with an empty thinking block in between.

    The block belongs to the prompt, because the model is not asked to write it.
    """
    thoughts = [ID[THINK], *encode("\n\n"), ID[END_THINK], *encode("\n\n")]
    return _answered([*chat_prompt(system, pair.request, encode), *thoughts], pair.answer, encode)


def chat_prompt(system: str, request: str, encode: Encode) -> list[int]:
    """Return a request in ChatML up to where the answer begins; a system text may be empty."""
    opening = [ID[IM_START], *encode(f"system\n{system}"), ID[IM_END], *encode("\n")]
    return [
        *(opening if system else ()),
        ID[IM_START], *encode(f"user\n{request}"), ID[IM_END], *encode("\n"),
        ID[IM_START], *encode("assistant\n"),
    ]  # fmt: skip


def system(kind: str) -> str:
    """Return the system text that the server sends with a request of this kind."""
    name = SYSTEM_TEXTS.get(kind, "refactor")
    return (PROMPTS / f"{name}.md").read_text(encoding="utf-8").strip()


def file_start(path: str, text: str, encode: Encode) -> Sample:
    """Return a file's text from left to right, its path in front."""
    tokens = [ID[FILE_SEP], *encode(f"{path}\n{text}")]
    return Sample(tokens, len(tokens))


def _answered(prompt: list[int], answer: str, encode: Encode) -> Sample:
    return Sample([*prompt, *encode(answer), ID[IM_END], *encode("\n")], len(prompt))
