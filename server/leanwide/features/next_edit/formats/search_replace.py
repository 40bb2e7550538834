"""Any chat model: it answers with blocks of old and new lines, or that nothing is to be edited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leanwide.features.next_edit.formats.layout import (
    EditPlace,
    EditPrompt,
    EditRegion,
    Rewrite,
)
from leanwide.postprocess.pieces import Unplaced, pieces_in, placed
from leanwide.prompt.chat import Message

_LINES: Final = 20
"""Of the region, above the cursor's line and below it."""
_EVENTS: Final = 4
_TASK: Final = """\
You watch a programmer edit code, and say which edit comes next: you finish a change that was made \
in some places and is missing in others. Never take back what was changed. Where nothing is clearly \
missing, answer NO_EDITS and nothing else. Otherwise answer with one block and nothing else: a line \
`<<<<<<< SEARCH`, then lines copied from the code exactly as they are, then a line `=======`, then \
the lines that take their place, then a line `>>>>>>> REPLACE`."""


class SearchReplace:
    """A conversation of one question."""

    def prompt(self, place: EditPlace) -> EditPrompt | None:
        """Return what the model reads."""
        region = place.region(_LINES, _LINES)
        question = "".join(_question(place, region))
        return EditPrompt(
            messages=(Message("system", _TASK), Message("user", question)),
            draft=place.text(region.first, region.last),
        )

    def parse(self, answer: str, place: EditPlace) -> Rewrite | None:
        """Return what the first block of an answer changes; None where that is nothing."""
        region = place.region(_LINES, _LINES)
        lines = [line.rstrip("\n") for line in place.lines]
        pieces = pieces_in(answer).whole[:1]
        try:
            found = placed(lines, range(region.first, region.last), pieces)
        except Unplaced:
            return None
        changed = (piece for piece in found if list(piece.new) != lines[piece.first : piece.last])
        return next((Rewrite(piece.first, piece.last, piece.new) for piece in changed), None)


def _question(place: EditPlace, region: EditRegion) -> Iterator[str]:
    yield "What was changed, the newest last:\n"
    for event in reversed(place.events[:_EVENTS]):
        yield f"\n{event.path}\n"
        yield "".join(f"-{line}" for line in event.before)
        yield "".join(f"+{line}" for line in event.after)
    yield f"\nThe code around the cursor in {place.path}:\n\n"
    yield place.text(region.first, region.last)
