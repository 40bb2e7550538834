"""Any chat model: it answers with blocks of old and new lines, or that nothing is to be edited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leanwide.features.next_edit.formats.layout import (
    EditPlace,
    EditPrompt,
    EditRegion,
    WrittenLines,
)
from leanwide.postprocess.pieces import Unplaced, pieces_in, placed

_LINES: Final = 20
"""Of the region, above the cursor's line and below it."""
_EVENTS: Final = 4


class SearchReplaceLayout:
    """A question whose answer is a block of old and new lines."""

    def prompt(self, place: EditPlace) -> EditPrompt | None:
        """Return what the model is asked."""
        region = place.region(_LINES, _LINES)
        return EditPrompt(
            question="".join(_question(place, region)),
            draft=place.text(region.first, region.last),
        )

    def parse(self, answer: str, place: EditPlace) -> WrittenLines | None:
        """Return what the first block of an answer changes; None where that is nothing."""
        region = place.region(_LINES, _LINES)
        lines = [line.rstrip("\n") for line in place.lines]
        try:
            found = placed(lines, range(region.first, region.last), pieces_in(answer).whole[:1])
        except Unplaced:
            return None
        changed = (piece for piece in found if list(piece.new) != lines[piece.first : piece.last])
        return next((WrittenLines(piece.first, piece.last, piece.new) for piece in changed), None)


def _question(place: EditPlace, region: EditRegion) -> Iterator[str]:
    yield "What was changed, the newest last:\n"
    for event in reversed(place.events[:_EVENTS]):
        yield f"\n{event.path}\n"
        yield "".join(f"-{line}" for line in event.before)
        yield "".join(f"+{line}" for line in event.after)
    yield f"\nThe code around the cursor in {place.path}:\n\n"
    yield place.text(region.first, region.last)
