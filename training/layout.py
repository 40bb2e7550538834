"""The token layout of every kind of sample: the one that the server uses at run time."""

from collections.abc import Callable, Sequence

from training.holes import Hole
from training.markers import (
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
from training.pairs import Pair
from training.related import Snippet

Encode = Callable[[str], list[int]]
"""Plain text to token ids; markers in the text stay plain text."""


def infill(path: str, snippets: Sequence[Snippet], hole: Hole, encode: Encode) -> list[int]:
    """Lay out an infill prompt with its answer; each piece is tokenised on its own."""
    return [*infill_prompt(path, snippets, hole, encode), *encode(hole.middle), ID[END_OF_TEXT]]


def infill_prompt(path: str, snippets: Sequence[Snippet], hole: Hole, encode: Encode) -> list[int]:
    """Lay out an infill prompt up to where the typed text begins."""
    tokens = []
    for snippet in snippets:
        tokens += [ID[FILE_SEP], *encode(f"{snippet.path}\n{snippet.text}")]
    if snippets:
        tokens += [ID[FILE_SEP], *encode(f"{path}\n")]
    return [
        *tokens, ID[FIM_PREFIX], *encode(hole.prefix), ID[FIM_SUFFIX], *encode(hole.suffix),
        ID[FIM_MIDDLE],
    ]  # fmt: skip


def chat(pair: Pair, encode: Encode) -> list[int]:
    """Lay out an exchange in ChatML, as the chat template does."""
    return [*chat_prompt(pair.request, encode), *encode(pair.answer), ID[IM_END], *encode("\n")]


def chat_without_thoughts(pair: Pair, encode: Encode) -> list[int]:
    """Lay out an exchange whose answer opens with an empty thinking block."""
    return [
        *chat_prompt(pair.request, encode),
        ID[THINK], *encode("\n\n"), ID[END_THINK], *encode("\n\n"),
        *encode(pair.answer), ID[IM_END], *encode("\n"),
    ]  # fmt: skip


def chat_prompt(request: str, encode: Encode) -> list[int]:
    """Lay out a request in ChatML up to where the answer begins."""
    return [
        ID[IM_START], *encode(f"user\n{request}"), ID[IM_END], *encode("\n"),
        ID[IM_START], *encode("assistant\n"),
    ]  # fmt: skip


def file_start(path: str, text: str, encode: Encode) -> list[int]:
    """Lay out a file's first lines, left to right, its path in front."""
    return [ID[FILE_SEP], *encode(f"{path}\n{text}")]
