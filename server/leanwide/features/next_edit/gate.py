"""What is wrong with an edit that a model wrote: nothing of it is shown then. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from leanwide.features.next_edit.event import EditEvent
from leanwide.postprocess.splice import applied
from leanwide.syntax import Edit, Language, difference, error_count, parse

_MAX_REMOVED: Final = 12
"""Lines that an edit may have fewer of than what it replaces: models drop what they forget."""


def why_refused(
    language: Language | None, lines: Sequence[str], edit: Edit, events: Sequence[EditEvent]
) -> str:
    """Return what is wrong with an edit of a document, a part of a sentence; "" if nothing is.

    Args:
        language: The document's; None where it has no grammar.
        lines: The document, with LF endings.
        edit: Of whole lines.
        events: What the user changed in this document, the newest first.
    """
    after = applied(lines, (edit,))
    change = difference(lines, after)
    before = lines[change.first : change.last]
    if _without_blanks(before) == _without_blanks(change.lines):
        return "it changes white space only"
    if len(before) - len(change.lines) > _MAX_REMOVED:
        return f"it removes {len(before) - len(change.lines)} lines"
    if any(_takes_back(event, before, change.lines) for event in events):
        return "it takes back what was changed"
    if language is not None and error_count(parse(language, after)) > error_count(
        parse(language, lines)
    ):
        return "the file would parse worse"
    return ""


def _takes_back(event: EditEvent, before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether an edit removes what an event made, and adds nothing but what was there before."""
    removed = {line.strip() for line in before if line.strip()} - {line.strip() for line in after}
    added = {line.strip() for line in after if line.strip()} - {line.strip() for line in before}
    made = {line.strip() for line in event.after if line.strip()}
    was = {line.strip() for line in event.before if line.strip()}
    return bool(removed & (made - was)) and added <= was


def _without_blanks(lines: Sequence[str]) -> str:
    return "".join("".join(lines).split())
