"""What is known of other files: the workspace's index, and the places that were edited last."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from attrs import define, evolve

from leanwide.context.recent_edits import EditedPlace, remember_edit
from leanwide.context.related import Candidates, names_near
from leanwide.context.snippet import Snippet
from leanwide.context.view import View
from leanwide.features.document_names import NameVerdict
from leanwide.files.area import WorkspaceFolders
from leanwide.files.credentials import has_credential
from leanwide.index.workspace_index import IndexStats, WorkspaceIndex
from leanwide.syntax import SyntaxTree

_TYPING_S: Final = 1.0
"""Seconds that the index rests after a key: it would keep the keys to come waiting."""

_Piece = TypeVar("_Piece", Snippet, EditedPlace)


@define(eq=False)
class WorkspaceContext:
    """Everything beside the document at hand. Without a workspace that is nothing, and no error.

    No piece of a file that holds a credential is given.
    """

    _index: WorkspaceIndex | None = None
    _area: WorkspaceFolders | None = None
    """What was indexed last; which files were near counts for nothing."""
    _edits: tuple[EditedPlace, ...] = ()

    def build(self, area: WorkspaceFolders) -> None:
        """Begin to index a workspace in the background, unless it is the same as before."""
        same = evolve(area, near=())
        if same == (self._area or WorkspaceFolders()):
            return
        self._index = self._index or WorkspaceIndex()
        self._area = same
        self._index.build(area)

    def somebody_types(self) -> None:
        """Leave the processor to whoever types."""
        if self._index is not None:
            self._index.pause(_TYPING_S)

    def look_again(self, path: str) -> None:
        """Look at a file, by its path in the file system, that may read otherwise now."""
        if self._index is not None:
            self._index.update(path)

    def remove(self, path: str) -> None:
        """Forget a file, or a folder with all that was in it."""
        if self._index is not None:
            self._index.remove(path)

    def note_edit(self, judged: NameVerdict, line: int, lines: Sequence[str]) -> None:
        """Remember an edited place, unless its file is left alone or outside of the workspace.

        Args:
            judged: The file.
            line: The edited line, counting from 0.
            lines: The file as it reads now.
        """
        if judged.reason is not None or self._area is None:
            return
        key = self.key(judged.place)
        if key is not None and not self._area.may_hold_secrets(judged.place):
            self._edits = remember_edit(self._edits, key, line, lines)

    def key(self, path: str) -> str | None:
        """Give what a file is called in prompts; None outside of the workspace."""
        return self._index.key(path) if self._index is not None else None

    def shows(self, key: str) -> bool:
        """Whether a file may be shown to a model: it is there, it is source, nothing excludes it.

        Reads ignore files that were not asked for before.
        """
        return self._index is not None and self._index.holds(key)

    async def candidates(self, view: View, tree: SyntaxTree | None, key: str) -> Candidates:
        """Give what may help at the cursor of a view; it has yet to be chosen from."""
        if (index := self._index) is None:
            return Candidates()

        def find() -> Candidates:
            names = names_near(view, tree) if tree is not None else ()
            return Candidates(
                definitions=_harmless(index.definitions(names, key)),
                edits=_harmless(self._edits),
                counterparts=_harmless(index.counterparts(key)),
            )

        return await asyncio.to_thread(find)

    async def definitions(self, names: Sequence[str], key: str) -> tuple[Snippet, ...]:
        """Give definitions of names used in the file with a key, the first name's first."""
        if (index := self._index) is None:
            return ()

        def find() -> tuple[Snippet, ...]:
            return _harmless(one for one in index.definitions(names, key) if index.holds(one.path))

        return await asyncio.to_thread(find)

    async def callers(self, name: str, key: str) -> tuple[Snippet, ...]:
        """Give functions that call what the file with a key defines as ``name``."""
        if (index := self._index) is None:
            return ()

        def find() -> tuple[Snippet, ...]:
            return _harmless(one for one in index.callers(name, key) if index.holds(one.path))

        return await asyncio.to_thread(find)

    async def stats(self) -> IndexStats | None:
        """Give what the index holds; None where there is none."""
        index = self._index
        return None if index is None else await asyncio.to_thread(lambda: index.stats)

    @property
    def building(self) -> bool:
        """Whether the index has something to do yet."""
        return self._index is not None and not self._index.wait(0)

    async def close(self) -> None:
        """Keep the index for the next start."""
        if self._index is not None:
            await asyncio.to_thread(self._index.close)


def _harmless(pieces: Iterable[_Piece]) -> tuple[_Piece, ...]:
    """The pieces of files in which there is no credential."""
    return tuple(one for one in pieces if not has_credential(one.text))
