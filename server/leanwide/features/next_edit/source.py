"""An edit of the user, found again in the document, with what it rewrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from attrs import evolve, frozen

from leanwide.context.view import Snapshot, with_lf
from leanwide.features.next_edit.changed_lines import ChangedLine
from leanwide.features.next_edit.event import EditEvent
from leanwide.features.next_edit.rewrites import Example, examples
from leanwide.features.next_edit.tokens import bracket_depth, tokens_of
from leanwide.syntax import SyntaxTree, error_nodes

_MAX_EVENTS: Final = 32
"""Events that are looked at, the newest first."""


@frozen(eq=False)
class Source:
    """An event, and where its lines stand now."""

    event: EditEvent
    line: int | None
    """The first of its lines after the edit; None in another document."""
    examples: tuple[Example, ...]

    @property
    def lines(self) -> range:
        """The lines of the document that it changed."""
        first = self.line or 0
        return range(first, first + (len(self.event.after) if self.line is not None else 0))

    @property
    def changes(self) -> tuple[ChangedLine, ...]:
        """The changed lines in which something was rewritten."""
        return tuple(dict.fromkeys(example.change for example in self.examples))

    def is_finished(self, tree: SyntaxTree) -> bool:
        """Whether its lines parse, with as many brackets and quotes open as before."""
        before, after = tokens_of(self.event.before), tokens_of(self.event.after)
        if bracket_depth(before) != bracket_depth(after):
            return False
        quotes = [
            Counter(one.text for one in side if one.text in "'\"`") for side in (before, after)
        ]
        if quotes[0] != quotes[1]:
            return False
        return not self.lines or not any(
            node.start_point.row < self.lines.stop and node.end_point.row >= self.lines.start
            for node in error_nodes(tree)
        )


def sources(events: Sequence[EditEvent], document: Snapshot) -> tuple[Source, ...]:
    """Return the events, newest first, as they stand in ``document``.

    Those whose lines were changed again are left out.
    """
    found = []
    for number, event in enumerate(events[:_MAX_EVENTS]):
        line = None
        if event.uri == document.uri:
            line = _moved(event, [one for one in events[:number] if one.uri == event.uri])
            if line is None:
                continue
            now = document.lines[line : line + len(event.after)]
            if tuple(map(with_lf, now)) != event.after:
                continue
        found.append(Source(event, line, tuple(evolve(one, line=line) for one in examples(event))))
    return tuple(found)


def _moved(event: EditEvent, later: Sequence[EditEvent]) -> int | None:
    """Return where an event's lines stand after the later events, newest first; None if gone."""
    line, size = event.line, len(event.after)
    for other in reversed(later):
        if other.line + len(other.before) <= line:
            line += len(other.after) - len(other.before)
        elif other.line < line + size:
            return None
    return line
