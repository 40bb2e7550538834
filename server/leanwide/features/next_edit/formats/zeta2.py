"""Zed's Zeta 2, which Seed-Coder was trained to be: a fill-in-the-middle prompt, suffix first.

The lines to edit stand at the end of the prefix between conflict markers, and the model writes what
they become.
"""

from __future__ import annotations

from collections.abc import Iterator
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

_SUFFIX: Final = "<[fim-suffix]>"
_PREFIX: Final = "<[fim-prefix]>"
_MIDDLE: Final = "<[fim-middle]>"
_FILE: Final = "<filename>"
_CURSOR: Final = "<|user_cursor|>"
_CURRENT: Final = "<<<<<<< CURRENT\n"
_SEPARATOR: Final = "=======\n"
_UPDATED: Final = ">>>>>>> UPDATED"
_MARKERS: Final = (
    *(_SUFFIX, _PREFIX, _MIDDLE, _FILE, _CURSOR),
    *(f"\n{line.strip()}\n" for line in (_CURRENT, _SEPARATOR, _UPDATED)),
)
_SILENCE: Final = ("NO_EDITS", "KEEP_PREVIOUS")
"""What the model says where nothing is to be edited."""
_LINES: Final = 15
"""Of the region, above the cursor's line and below it."""
_CONTEXT_LINES: Final = 30
"""Above the region and below it."""
_EVENTS: Final = 6


class Zeta2Layout:
    """The layout of Zeta 2."""

    def prompt(self, place: EditPlace) -> EditPrompt | None:
        """Return what the model reads; None where a text could be taken for a marker."""
        if place.spells(_MARKERS):
            return None
        region = place.region(_LINES, _LINES)
        return EditPrompt(
            prompt=marked_up(_pieces(place, region)),
            stops=(_UPDATED,),
            draft=place.text(region.first, region.last),
        )

    def parse(self, answer: str, place: EditPlace) -> WrittenLines | None:
        """Return what an answer changes; None where that is nothing."""
        text = answer.partition(_UPDATED)[0].replace(_CURSOR, "")
        if any(word in text for word in _SILENCE):
            return None
        return rewritten(text, place.region(_LINES, _LINES), place)


def _pieces(place: EditPlace, region: EditRegion) -> Iterator[str | Markup]:
    yield from (Markup(_SUFFIX), "\n")
    yield place.text(region.last, region.last + _CONTEXT_LINES)
    yield from (Markup(_PREFIX), Markup(_FILE), "edit_history\n")
    for event in reversed(place.events[:_EVENTS]):
        yield f"--- a/{event.path}\n+++ b/{event.path}\n"
        yield "".join(f"-{line}" for line in event.before)
        yield "".join(f"+{line}" for line in event.after)
    yield from ("\n", Markup(_FILE), f"{place.path}\n")
    yield place.text(max(0, region.first - _CONTEXT_LINES), region.first)
    yield from (_CURRENT, place.before_cursor(region), Markup(_CURSOR), place.after_cursor(region))
    yield from (_SEPARATOR, Markup(_MIDDLE))
