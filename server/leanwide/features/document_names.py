"""What is known of documents by their names: where each leads, and why it is left alone.

A name is judged before anything of its document enters a prompt, and is kept until something says
otherwise: following links and reading ignore files takes the disk, which the loop never waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from urllib.parse import unquote, urlsplit

from attrs import define, field, frozen

from leanwide.files.area import WorkspaceFolders, real_path
from leanwide.files.shown import shown


@frozen(kw_only=True)
class NameVerdict:
    """A document by its name."""

    place: str
    """Where it counts in the workspace: where its links lead, if that is inside."""
    reason: str | None
    """Why it is left alone; None if it is not."""


def judge(area: WorkspaceFolders, path: str) -> NameVerdict:
    """Judge a document by the path as opened and by the one that its links lead to.

    Reads ignore files that were not asked for before.

    Args:
        area: The workspace.
        path: In the file system; or a URI that is none of a file, such as that of a notebook's
            cell, which is judged by the path in it.
    """
    try:
        opened = path if PurePath(path).is_absolute() else unquote(urlsplit(path).path)
        real = real_path(opened)
        reason = area.exclusion_reason(opened) or area.exclusion_reason(real)
    except (OSError, ValueError):
        return NameVerdict(
            place=path, reason=f"{shown(PurePath(path).name)} has a path that is none of a file"
        )
    if opened != path:
        return NameVerdict(place=path, reason=reason)
    return NameVerdict(place=real if area.holds(real) else area.resolve_folder(path), reason=reason)


@define(eq=False)
class DocumentNames:
    """The judged documents of one workspace. Used by the asyncio loop only."""

    area: WorkspaceFolders = field(factory=WorkspaceFolders)
    _judged: dict[str, tuple[int, NameVerdict]] = field(factory=dict)
    """With the age in which each was judged."""
    _age: int = 0
    """Rises with everything after which names have to be judged anew."""
    _changes: int = 0
    """Changes of the workspace that are under way."""
    _settled: asyncio.Event = field(factory=asyncio.Event)
    """Set while there are none."""

    def __attrs_post_init__(self) -> None:
        self._settled.set()

    def use(self, area: WorkspaceFolders) -> None:
        """Judge by another area from now on, everything anew."""
        self.area = area
        self.judge_anew()

    def judge_anew(self) -> None:
        """Judge everything anew, because files changed."""
        self._age += 1

    def forget(self, path: str) -> None:
        """Forget a document that was closed."""
        self._judged.pop(path, None)

    async def settled(self) -> None:
        """Wait while the workspace or its settings change; at once where they do not."""
        await self._settled.wait()

    async def judge(self, path: str) -> NameVerdict:
        """Give what is known of a document; waits while the workspace changes."""
        while True:
            await self.settled()
            age, known = self._judged.get(path, (-1, None))
            if known is not None and age == self._age:
                return known
            age = self._age
            self._judged[path] = age, await asyncio.to_thread(judge, self.area, path)

    def known(self, path: str) -> NameVerdict | None:
        """Give what was last known of a document; None where it was never judged."""
        return self._judged.get(path, (0, None))[1]

    def place(self, path: str) -> str:
        """Give where a document counts in the workspace, as far as that is known."""
        known = self.known(path)
        return known.place if known is not None else path

    @contextmanager
    def unsettled(self) -> Iterator[None]:
        """Judge nothing meanwhile: the workspace is about to change."""
        self.judge_anew()
        self._changes += 1
        self._settled.clear()
        try:
            yield
        finally:
            self._changes -= 1
            if not self._changes:
                self._settled.set()
