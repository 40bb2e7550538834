"""Holes for infill training: places where text could be typed, and that text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from random import Random
from typing import Final, NamedTuple

KINDS: Final = ("line", "statement", "block", "arguments", "expression")
SHARES: Final = (0.30, 0.27, 0.20, 0.13, 0.10)
"""How often a hole is of each kind, where a file has them all."""
MAX_MIDDLE: Final = 600
"""Characters: users do not wait for longer completions."""
LETTER: Final = re.compile(r"[^\W\d_]")
CLOSER: Final = re.compile(r"\s*(?:[)\]}]|(?:fi|done|esac)\b)")
"""A line that closes a block: the editor has often written it already."""


class Span(NamedTuple):
    """A hole in a text, as character offsets.

    ``anchor`` is the start of the statement's first line, its indentation included; the user
    has typed the text from ``anchor`` to the cursor; ``end`` is where the completion stops.
    """

    kind: str
    anchor: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How many characters of the file a sample may show, before the anchor and after the end."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Hole:
    """One infill sample: three pieces of text, each tokenized on its own."""

    kind: str
    prefix: str
    middle: str
    suffix: str


def every(text: str, found: Iterable[Span]) -> list[Span]:
    """Return the holes worth filling: the lines of a text, and those that its syntax shows."""
    both = chain(_line_spans(line_starts(text)), found)
    return [span for span in dict.fromkeys(both) if _is_worth_it(text, span)]


def draw(text: str, spans: Mapping[str, Sequence[Span]], window: Window, random: Random) -> Hole:
    """Draw a kind of hole, then one of the ``spans`` of that kind, and cut it out of a text."""
    kinds = [kind for kind in KINDS if kind in spans]
    shares = [SHARES[KINDS.index(kind)] for kind in kinds]
    return cut(text, random.choice(spans[random.choices(kinds, shares)[0]]), window)


def cut(text: str, span: Span, window: Window) -> Hole:
    """Cut a hole out of a text, with a window that begins and ends at whole lines."""
    first = max(0, span.anchor - window.before)
    if first:
        first = text.rfind("\n", 0, first) + 1
    last = min(len(text), span.end + window.after)
    if last < len(text):
        last = max(span.end, text.rfind("\n", span.end, last) + 1)
    return Hole(
        span.kind, text[first : span.anchor], text[span.anchor : span.end], text[span.end : last]
    )


def unwritten(hole: Hole, random: Random) -> Hole:
    """Remove text after the hole that a user might not have written yet.

    The rest of the hole's line stays, and in 60 % of the cases the text after the block; in the
    others the line that closes a block, if the hole ends before that.
    """
    line, newline, rest = hole.suffix.partition("\n")
    if random.random() < 0.4:
        closing = rest.partition("\n")[0] if hole.kind == "block" and CLOSER.match(rest) else ""
        return Hole(hole.kind, hole.prefix, hole.middle, line + newline + closing)
    indent = _indent(hole.middle)
    lines = rest.splitlines(keepends=True)
    for number, text in enumerate(lines):
        if text.strip() and _indent(text) < indent:
            rest = "".join(lines[number:])
            return Hole(hole.kind, hole.prefix, hole.middle, f"{line}{newline}\n{rest}")
    return Hole(hole.kind, hole.prefix, hole.middle, line + newline)


def line_starts(text: str) -> list[int]:
    """Return the offset of each line's first character; the first line is line 0."""
    return [0, *(offset + 1 for offset, character in enumerate(text) if character == "\n")]


def _line_spans(starts: list[int]) -> Iterator[Span]:
    for start, following in pairwise(starts):
        yield Span("line", start, following - 1)


def _is_worth_it(text: str, span: Span) -> bool:
    if not 3 < span.end - span.anchor <= MAX_MIDDLE:
        return False
    middle = text[span.anchor : span.end]
    return len(middle.strip()) > 3 and LETTER.search(middle) is not None


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" \t"))
