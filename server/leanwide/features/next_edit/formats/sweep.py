"""Sweep's next-edit models, which Qwen2.5-Coder was trained to be.

The prompt is a list of files: the document as it was, the user's edits as pairs of texts, and the
lines around the cursor in three states. The model writes the third, which has begun already.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from leanwide.engine.requests import Markup
from leanwide.features.next_edit.formats.layout import (
    EditPlace,
    EditPrompt,
    EditRegion,
    WrittenLines,
    marked_up,
    rewritten,
)

_FILE: Final = "<|file_sep|>"
_CURSOR: Final = "<|cursor|>"
_END: Final = "<|endoftext|>"
_LINES: Final = 10
"""Of the region, above the cursor's line and below it: the models know no other number."""
_FILE_LINES: Final = 60
"""Of the document as it was, around the cursor's line."""
_EVENTS: Final = 3


class SweepLayout:
    """The layout of Sweep's models."""

    def prompt(self, place: EditPlace) -> EditPrompt | None:
        """Return what the model reads; None where a text could be taken for a marker."""
        if place.spells((_FILE, _CURSOR, _END)):
            return None
        region = place.region(_LINES, _LINES)
        begun = _begun(place, region)
        return EditPrompt(
            prompt=marked_up(_pieces(place, region)),
            stops=(_FILE, _END),
            draft=place.text(region.first, region.last)[len(begun) :],
        )

    def parse(self, answer: str, place: EditPlace) -> WrittenLines | None:
        """Return what an answer changes; None where that is nothing."""
        region = place.region(_LINES, _LINES)
        text = (_begun(place, region) + answer).replace(_CURSOR, "")
        return rewritten(text, region, place) if answer.strip() else None


def _pieces(place: EditPlace, region: EditRegion) -> Iterator[str | Markup]:
    span = f"{place.path}:{region.first + 1}:{region.last}"
    file = Markup(_FILE)
    first = max(0, place.line - _FILE_LINES)
    yield from (file, f"{place.path}\n")
    yield "".join(place.first_lines[first : place.line + _FILE_LINES])
    for event in reversed(place.events[:_EVENTS]):
        yield from (file, f"{event.path}.diff\n")
        yield f"original:\n{''.join(event.before)}updated:\n{''.join(event.after)}"
    yield from (file, f"original/{span}\n", "".join(_earlier(place, region)))
    yield from (file, f"current/{span}\n", place.before_cursor(region))
    yield from (Markup(_CURSOR), place.after_cursor(region))
    yield from (file, f"updated/{span}\n", _begun(place, region))


def _earlier(place: EditPlace, region: EditRegion) -> tuple[str, ...]:
    """Return the region before the user's last edit; as it is where that was elsewhere."""
    lines = place.lines
    for event in place.events[:1]:
        end = event.line + len(event.after)
        if region.first <= event.line <= end <= region.last and lines[event.line : end] == (
            event.after
        ):
            lines = (*lines[: event.line], *event.before, *lines[end:])
            moved = len(event.before) - len(event.after)
            return lines[region.first : region.last + moved]
    return lines[region.first : region.last]


def _begun(place: EditPlace, region: EditRegion) -> str:
    """Return what the model has written already: the lines that stay as they are.

    All above the cursor's line; one where the user's last edit is among those.
    """
    above = place.lines[region.first : place.line]
    same = sum(
        1
        for _ in takewhile(
            lambda pair: pair[0] == pair[1], zip(above, _earlier(place, region), strict=False)
        )
    )
    return "".join(above if same == len(above) else above[:1])
