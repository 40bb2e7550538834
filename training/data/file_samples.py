"""Draws the samples of one source file: their kinds, windows, related snippets, instructions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from training.corpus.packages import SourceFile
from training.data import holes, layout
from training.data.layout import Encode, Sample, Snippet
from training.data.pairs import Pair
from training.data.related import snippets_for
from training.data.syntaxes import MakePairs, Syntax, syntax_of

CHAT_SHARE: Final = 0.16
"""Default share of the samples that are instruction pairs."""
TEXT_SHARE: Final = 0.1
"""Share of the others that are text from left to right; the rest is infill."""
WINDOWS: Final = (
    holes.Window(before=500, after=250),
    holes.Window(before=900, after=450),
    holes.Window(before=1500, after=700),
    holes.Window(before=2400, after=900),
    holes.Window(before=4800, after=1200),
)
WINDOW_SHARES: Final = (0.35, 0.32, 0.2, 0.1, 0.03)
UNWRITTEN_SHARE: Final = 0.3
RELATED_SHARE: Final = 0.15
THOUGHTLESS_SHARE: Final = 0.1
SYSTEM_SHARE: Final = 0.5
PAIR_TRIES: Final = 3
PAIR_WEIGHTS: Final = {
    "explain": 16.0, "say": 3.0, "document": 2.0, "annotate": 1.0, "test": 0.5, "fstring": 2.0,
    "comprehension": 4.0, "rename": 2.0, "uncomment": 1.5, "modernise": 3.0,
}  # fmt: skip
MAX_TOKENS: Final = 2048

Index = Mapping[str, Snippet]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file with its holes by kind, and its syntax."""

    file: SourceFile
    spans: Mapping[str, list[holes.Span]]
    syntax: Syntax


def parsed(file: SourceFile) -> Parsed | None:
    """Return a file with its holes; None for a file without any."""
    syntax = syntax_of(file)
    if syntax is None:
        return None
    by_kind: dict[str, list[holes.Span]] = {}
    for span in holes.every(file.text, syntax.spans()):
        by_kind.setdefault(span.kind, []).append(span)
    return Parsed(file, by_kind, syntax) if by_kind else None


def package_index(files: list[SourceFile]) -> dict[str, Snippet]:
    """Return the first lines of the definitions in files of one language, by name."""
    index: dict[str, Snippet] = {}
    for file in files:
        if syntax := syntax_of(file):
            index |= syntax.definitions(file.path)
    return index


def kinds(count: int, chat: float, random: Random) -> list[str]:
    """Draw the kinds of ``count`` samples; the share ``chat`` (0 to 1) are instruction pairs."""
    text = (1 - chat) * TEXT_SHARE
    return random.choices(("chat", "text", "infill"), (chat, text, 1 - chat - text), k=count)


def draw(
    source: Parsed, index: Index, kinds: list[str], encode: Encode, random: Random
) -> Iterator[Sample]:
    """Draw a sample of each of the ``kinds`` from a file, none longer than ``MAX_TOKENS``."""
    functions = source.syntax.functions() if "chat" in kinds else []
    for kind in kinds:
        pair = draw_pair(functions, random) if kind == "chat" else None
        if pair:
            drawn = _chat(pair, encode, random)
        elif kind == "text":
            drawn = _text(source.file, encode, random)
        else:
            drawn = _infill(source, index, encode, random)
        if 16 < len(drawn.tokens) <= MAX_TOKENS:
            yield drawn


def _infill(source: Parsed, index: Index, encode: Encode, random: Random) -> Sample:
    window = random.choices(WINDOWS, WINDOW_SHARES)[0]
    hole = holes.draw(source.file.text, source.spans, window, random)
    if random.random() < UNWRITTEN_SHARE:
        hole = holes.unwritten(hole, random)
    snippets: tuple[Snippet, ...] = ()
    if random.random() < RELATED_SHARE:
        near = hole.middle + hole.prefix[-300:]
        snippets = snippets_for(source.file.path, near, index, random.randint(1, 3), random)
    return layout.infill(source.file.path, snippets, hole, encode)


def draw_pair(functions: list[MakePairs], random: Random) -> Pair | None:
    """Draw an instruction pair of a few functions; rarer kinds have a larger weight."""
    some = random.sample(functions, min(PAIR_TRIES, len(functions)))
    found = [pair for pairs_of in some for pair in pairs_of(random)]
    weights = [PAIR_WEIGHTS[pair.kind] for pair in found]
    return random.choices(found, weights)[0] if found else None


def _text(file: SourceFile, encode: Encode, random: Random) -> Sample:
    start = file.text.rfind("\n", 0, random.randrange(len(file.text))) + 1
    if random.random() < 0.25:
        start = 0
    return layout.file_start(file.path, file.text[start : start + 1500], encode)


def _chat(pair: Pair, encode: Encode, random: Random) -> Sample:
    system = layout.system(pair.kind) if random.random() < SYSTEM_SHARE else ""
    if random.random() < THOUGHTLESS_SHARE:
        return layout.chat_without_thoughts(system, pair, encode)
    return layout.chat(system, pair, encode)
