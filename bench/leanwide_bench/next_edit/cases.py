"""Cases: some edits of a document, and what its author changed in it next."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from pathlib import PurePosixPath
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


@frozen(kw_only=True)
class EditMoment:
    """All that a proposal may be made from."""

    events: tuple[EditEvent, ...]
    """The newest first."""
    document: Snapshot
    tree: SyntaxTree
    """Of the document."""
    cursor: Position


@frozen(kw_only=True)
class NextEditCase:
    """A moment in a file change, and the rest of the change."""

    origin: str
    moment: EditMoment
    remaining: tuple[Hunk, ...]
    """What the author changed afterwards, as places in the moment's document."""
    expectation: Expectation

    @property
    def final(self) -> tuple[str, ...]:
        """The author's text in the end."""
        return with_hunks(self.moment.document.lines, self.remaining)


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
    document = Snapshot(
        uri=f"file:///{path}",
        path=f"/{path}",
        language_id=min(language.ids),
        version=1 + len(done),
        lines=with_hunks(lines, done),
    )
    tree = parse(language, document.lines)
    events: list[EditEvent] = []
    grown = 0
    for number, hunk in enumerate(done):
        here = hunk.moved(grown)
        grown += hunk.growth
        events.append(
            EditEvent(
                uri=document.uri,
                path=document.path,
                language_id=document.language_id,
                version=2 + number,
                line=here.first,
                before=hunk.before,
                after=hunk.after,
                scope=_scope(tree, here),
            )
        )
    return EditMoment(
        events=tuple(reversed(events[-_MOST_EVENTS:])),
        document=document,
        tree=tree,
        cursor=_cursor(tree, events[-1]),
    )


def history(done: Sequence[Hunk]) -> Sequence[Hunk]:
    """Return the edits that a moment after them knows."""
    return done[-_MOST_EVENTS:]


def file_name(moment: EditMoment) -> str:
    """Return the name of a moment's document."""
    return PurePosixPath(moment.document.path).name


def _scope(tree: SyntaxTree, here: Hunk) -> str:
    start = tree.clamp((here.first, 0))
    end = tree.clamp((here.first + max(0, len(here.after) - 1), 1_000_000))
    around = tree.around(start, end)
    return around[0].type if around else ""


def _cursor(tree: SyntaxTree, newest: EditEvent) -> Position:
    """Return where the cursor is after an edit: behind its last line."""
    if not newest.after:
        return tree.clamp((newest.line, 0))
    return tree.clamp((newest.line + len(newest.after) - 1, len(content(newest.after[-1]))))
