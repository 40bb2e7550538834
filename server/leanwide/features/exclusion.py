"""Whether a document is for the model: by its name, its text, and the languages it was trained for.

A document is judged before any of its text enters a prompt. To judge a name, links are followed and
ignore files read, which takes disk access that the event loop never waits for: so that verdict is
kept until it may be outdated. The text is judged each time.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Final
from urllib.parse import unquote, urlsplit

from attrs import define, field, frozen

from leanwide.context.view import Snapshot
from leanwide.engine.specs import ModelInfo
from leanwide.files.area import WorkspaceFolders, real_path
from leanwide.files.exclusions import (
    is_judged_soon,
    keyless_exclusion_reason,
    text_exclusion_reason,
)
from leanwide.files.shown import shown
from leanwide.syntax import language_for

_MAX_VERDICTS: Final = 1_000
"""More than documents are open. What asks late, after a document was closed, leaves a verdict."""
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""The beginning of a URI; a single letter is a drive."""


@frozen(kw_only=True)
class NameVerdict:
    """What a document's name says about it."""

    place: str
    """Its path in the workspace: the one that its links lead to, if that is inside."""
    reason: str | None
    """Why it is excluded; None if it is not."""


def judge(folders: WorkspaceFolders, path: str) -> NameVerdict:
    """Judge a document by the path as opened, and by the one that its links lead to.

    Reads ignore files that were not read before.

    Args:
        folders: The workspace.
        path: In the file system; or a name of an HTTP client; or a URI with another scheme than
            ``file``, such as that of a notebook's cell, which is judged by the path in it.
    """
    try:
        paths = possible_paths(path)
        reason = next(filter(None, map(folders.exclusion_reason, paths)), None)
        real = real_path(path)
    except (OSError, ValueError):
        return NameVerdict(
            place=path, reason=f"{shown(PurePath(path).name)} has a path that is none of a file"
        )
    if _SCHEME.match(path):
        return NameVerdict(place=path, reason=reason)
    return NameVerdict(
        place=real if folders.holds(real) else folders.resolve_folder(path), reason=reason
    )


def possible_paths(path: str) -> tuple[str, ...]:
    """Return all paths that a document's name may mean: each alone excludes it.

    They are the name itself and what its links lead to, the path in a URI, and a path of Windows.

    Raises:
        OSError, ValueError: It is no valid path.
    """
    if PurePath(path).is_absolute():
        return path, real_path(path)
    named = (path, unquote(urlsplit(path).path)) if _SCHEME.match(path) else (path,)
    written = dict.fromkeys(name.replace("\\", "/") for name in named)
    return tuple(dict.fromkeys((*named, *written, *map(real_path, written))))


@define(eq=False)
class DocumentNames:
    """The verdicts on documents of one workspace. Used by the asyncio loop only."""

    folders: WorkspaceFolders = field(factory=WorkspaceFolders)
    _verdicts: dict[str, tuple[int, NameVerdict]] = field(factory=dict)
    """With the generation in which each was judged."""
    _generation: int = 0
    """Incremented when all verdicts become outdated."""
    _changes: int = 0
    """Changes of the workspace that are in progress."""
    _settled: asyncio.Event = field(factory=asyncio.Event)
    """Set while there are none."""

    def __attrs_post_init__(self) -> None:
        self._settled.set()

    def use(self, folders: WorkspaceFolders) -> None:
        """Judge by another workspace from now on."""
        self.folders = folders
        self.invalidate()

    def invalidate(self) -> None:
        """Mark all verdicts as outdated, because files changed."""
        self._generation += 1

    def forget(self, path: str) -> None:
        """Drop the verdict on a document that was closed."""
        self._verdicts.pop(path, None)

    async def settled(self) -> None:
        """Wait until no change of the workspace or its settings is in progress."""
        await self._settled.wait()

    async def judge(self, path: str) -> NameVerdict:
        """Return the verdict on a document; waits while the workspace changes."""
        while True:
            await self.settled()
            generation, known = self._verdicts.get(path, (-1, None))
            if known is not None and generation == self._generation:
                return known
            generation = self._generation
            verdict = await asyncio.to_thread(judge, self.folders, path)
            self._verdicts.pop(path, None)
            self._verdicts[path] = generation, verdict
            if len(self._verdicts) > _MAX_VERDICTS:
                del self._verdicts[next(iter(self._verdicts))]

    def known(self, path: str) -> NameVerdict | None:
        """Return the last verdict on a document, which may be outdated; None if there is none."""
        return self._verdicts.get(path, (0, None))[1]

    def place(self, path: str) -> str:
        """Return a document's path in the workspace by the last verdict, else the path itself."""
        known = self.known(path)
        return known.place if known is not None else path

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Judge nothing inside the ``with`` block: the workspace changes."""
        self.invalidate()
        self._changes += 1
        self._settled.clear()
        try:
            yield
        finally:
            self._changes -= 1
            if not self._changes:
                self._settled.set()


async def exclusion_reason(document: Snapshot, names: DocumentNames) -> str | None:
    """Return why a document may never be sent to the model, or None."""
    verdict = await names.judge(document.path)
    if verdict.reason is not None:
        return verdict.reason
    name = PurePath(document.path).name
    if is_judged_soon(document.lines):
        return keyless_exclusion_reason(name, document.lines)
    return await asyncio.to_thread(text_exclusion_reason, name, document.lines)


def why_untrained(document: Snapshot, model: ModelInfo) -> str | None:
    """Return why a model's suggestions in a document are of no use; None where they may be.

    A model that names its languages knows no others: no prose, and nothing that has no name.
    """
    if not model.languages:
        return None
    grammar = language_for(document.language_id, document.path)
    names = {document.language_id, *([grammar.name, *grammar.ids] if grammar is not None else ())}
    if names & set(model.languages):
        return None
    known = [name.capitalize() if name.islower() else name for name in model.languages]
    *others, last = known
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"{model.name} knows {listed} only"
