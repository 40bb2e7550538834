"""Cases: some edits of a document, and what its author changed in it next."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Final

from attrs import frozen

from leanwide.context.view import Snapshot
from leanwide.features.next_edit.event import EditEvent
from leanwide.syntax import Language, Position, SyntaxTree, content, parse
from leanwide_bench.next_edit.hunks import Hunk, with_hunks

_MOST_EVENTS: Final = 16
"""Edits before a case, the newest: older ones are of another thought."""


class Expectation(enum.StrEnum):
    """What a case expects."""

    FOLLOWS = enum.auto()
    """The author made a change of the history once more."""
    QUIET = enum.auto()
    """Nothing that the author changed afterwards has to do with the history."""
    UNCLEAR = enum.auto()
    """Something that the author changed afterwards resembles the history."""


@frozen(kw_only=True)
class FileVersions:
    """Two versions of a file."""

    origin: str
    """Where they come from: a commit, or a package with two releases."""
    path: str
    """Relative, with slashes."""
    language: Language
    before: tuple[str, ...]
    """Lines with LF endings."""
    after: tuple[str, ...]


@frozen
class ParsedText:
    """A document that is open, and its tree."""

    document: Snapshot
    tree: SyntaxTree


@frozen(kw_only=True)
class EditMoment:
    """All that a proposal may be made from."""

    events: tuple[EditEvent, ...]
    """The newest first."""
    edited: ParsedText
    """What was edited."""
    cursor: Position
    """In what was edited."""
    other: ParsedText | None = None
    """Another document that is open, if there is one."""

    def text(self, uri: str) -> ParsedText:
        """Return the document with a URI: the other one, or what was edited."""
        is_other = self.other is not None and self.other.document.uri == uri
        return self.other if self.other is not None and is_other else self.edited


@frozen(kw_only=True)
class NextEditCase:
    """A moment in a change, and the rest of the change."""

    origin: str
    moment: EditMoment
    remaining: tuple[Hunk, ...]
    """What the author changed afterwards, as places in the target."""
    expectation: Expectation

    @property
    def target(self) -> ParsedText:
        """The document that the author changed afterwards: the other one, where there is one."""
        return self.moment.other or self.moment.edited

    @property
    def final(self) -> tuple[str, ...]:
        """The target's text in the end."""
        return with_hunks(self.target.document.lines, self.remaining)


def opened(path: str, language: Language, lines: Sequence[str], version: int = 1) -> ParsedText:
    """Return a text as an open document."""
    document = Snapshot(
        uri=f"file:///{path}",
        path=f"/{path}",
        language_id=min(language.ids),
        version=version,
        lines=tuple(lines),
    )
    return ParsedText(document, parse(language, document.lines))


def moment_after(
    path: str, language: Language, lines: Sequence[str], done: Sequence[Hunk]
) -> EditMoment:
    """Return the moment after edits.

    Args:
        path: Of the document.
        language: Of the document.
        lines: The document before the edits.
        done: The edits in the order of the text, as places in ``lines``; the last is the newest.
    """
    edited = opened(path, language, with_hunks(lines, done), 1 + len(done))
    events: list[EditEvent] = []
    grown = 0
    for number, hunk in enumerate(done):
        here = hunk.moved(grown)
        grown += hunk.growth
        start = edited.tree.clamp((here.first, 0))
        end = edited.tree.clamp((here.first + max(0, len(here.after) - 1), 1_000_000))
        around = edited.tree.around(start, end)
        events.append(
            EditEvent(
                uri=edited.document.uri,
                path=edited.document.path,
                language_id=edited.document.language_id,
                version=2 + number,
                line=here.first,
                before=hunk.before,
                after=hunk.after,
                scope=around[0].type if around else "",
            )
        )
    return EditMoment(
        events=tuple(reversed(events[-_MOST_EVENTS:])),
        edited=edited,
        cursor=_cursor(edited.tree, events[-1]),
    )


def history(done: Sequence[Hunk]) -> Sequence[Hunk]:
    """Return the edits that a moment after them knows."""
    return done[-_MOST_EVENTS:]


def _cursor(tree: SyntaxTree, newest: EditEvent) -> Position:
    """Return where the cursor is after an edit: behind its last line."""
    if not newest.after:
        return tree.clamp((newest.line, 0))
    return tree.clamp((newest.line + len(newest.after) - 1, len(content(newest.after[-1]))))
