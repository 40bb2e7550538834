"""Holes in prose: the rest of a paragraph, or of one that a heading or a fence has opened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from training.data.holes import Span

PARAGRAPH: Final = re.compile(r"(?:^[^\n]*\S[^\n]*\n?)+", re.MULTILINE)
"""Lines with text, up to a blank one: where the server takes a completion to be complete."""


def spans(text: str) -> Iterator[Span]:
    """Yield each paragraph from each of its lines on; the lines themselves are other holes."""
    for paragraph in PARAGRAPH.finditer(text):
        end = paragraph.start() + len(paragraph[0].rstrip())
        place = paragraph.start()
        while place < end:
            yield Span("block", place, end)
            place = (text.find("\n", place, end) + 1) or end
