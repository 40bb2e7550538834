"""Where candidates are searched for: this document, the other open ones, then files that call.

Each place is searched only when the ones before it had nothing to show.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from itertools import islice
from typing import Final

from attrs import evolve, frozen

from leanwide.context.view import Snapshot, View
from leanwide.features.exclusion import exclusion_reason
from leanwide.features.next_edit.candidate import Candidate
from leanwide.features.next_edit.candidates import candidates
from leanwide.features.next_edit.event import EditEvent
from leanwide.features.session import Session
from leanwide.syntax import SyntaxTree, language_for, parse

_MAX_OPEN: Final = 6
"""Other open documents that are searched."""
_MAX_LINES: Final = 5_000
"""Lines of another document: a longer one is not searched."""
_EVENTS: Final = 3
"""Of the last edits, for the names that other files may use."""
_NAME: Final = re.compile(r"[^\W\d]\w{2,}")


@frozen(kw_only=True)
class NextEditRequest:
    """A place in a document, and the documents that are open with it."""

    view: View
    others: Callable[[], Iterable[Snapshot]]
    """Returns the other open documents, the most likely first."""


@frozen
class Found:
    """A candidate, and the text that it is for."""

    candidate: Candidate
    document: Snapshot


async def search(
    asked: NextEditRequest, events: Sequence[EditEvent], session: Session
) -> AsyncGenerator[Found]:
    """Yield candidates, the nearest first."""
    view = asked.view
    tree = await session.trees.at(view)
    for found in await _candidates(events, view, tree, (view.line, view.column)):
        yield found
    languages = {event.language_id for event in events}
    others = tuple(asked.others())
    alike = (other for other in others if other.language_id in languages)
    for other in islice(alike, _MAX_OPEN):
        if len(other.lines) > _MAX_LINES or await exclusion_reason(other, session.names):
            continue
        for found in await _candidates(events, other, await session.trees.at(other), (0, 0)):
            yield found
    opened = {view.path, *(other.path for other in others)}
    for file in await _calling(events, view, session):
        if file.path not in opened:
            for found in await asyncio.to_thread(_in_closed, events, file):
                yield found


async def _candidates(
    events: Sequence[EditEvent], document: Snapshot, tree: SyntaxTree | None, at: tuple[int, int]
) -> list[Found]:
    found = await asyncio.to_thread(candidates, events, document, tree, at)
    return [Found(candidate, document) for candidate in found]


def _in_closed(events: Sequence[EditEvent], document: Snapshot) -> list[Found]:
    """Return the candidates in a file that is not open."""
    language = language_for(document.language_id, document.path)
    tree = parse(language, document.lines) if language is not None else None
    found = candidates(events, document, tree, (0, 0))
    return [Found(evolve(candidate, version=None), document) for candidate in found]


async def _calling(events: Sequence[EditEvent], view: View, session: Session) -> list[Snapshot]:
    """Return files of the workspace that call what the last edits changed."""
    key = session.workspace.key(session.names.place(view.path))
    names = changed_names(events)
    if key is None or not names:
        return []
    files = await session.workspace.files_calling(names, key)
    return [
        Snapshot(
            uri=file.as_uri(),
            path=str(file),
            language_id=view.language_id,
            version=0,
            lines=tuple(lines),
        )
        for file, lines in files
        if len(lines) <= _MAX_LINES
    ]


def changed_names(events: Sequence[EditEvent]) -> tuple[str, ...]:
    """Return the names that the last edits removed, the newest first."""
    gone: dict[str, None] = {}
    for event in events[:_EVENTS]:
        stays = set(_NAME.findall("".join(event.after)))
        gone.update((name, None) for name in _NAME.findall("".join(event.before)))
        for name in stays:
            gone.pop(name, None)
    return tuple(gone)
