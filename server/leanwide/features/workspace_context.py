"""What is known of other files: the workspace index, and the places that were edited last."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from attrs import define, evolve

from leanwide.context.recent_edits import EditedPlace, remember_edit
from leanwide.context.related import Candidates, names_near
from leanwide.context.snippet import Snippet
from leanwide.context.view import View
from leanwide.features.exclusion import NameVerdict
from leanwide.files.area import WorkspaceFolders
from leanwide.files.credentials import has_credential
from leanwide.index.workspace_index import IndexStats, WorkspaceIndex
from leanwide.syntax import SyntaxTree

_PAUSE_S: Final = 1.0
"""Seconds that indexing pauses after a key: it would delay the next keys."""

_Piece = TypeVar("_Piece", Snippet, EditedPlace)


@define(eq=False)
class WorkspaceContext:
    """The workspace index and recent edits; empty when no folder is open.

    It never returns a text that holds a credential.
    """

    _index: WorkspaceIndex | None = None
    _folders: WorkspaceFolders | None = None
    """What was indexed last, without ``near``."""
    _edits: tuple[EditedPlace, ...] = ()

    def build(self, folders: WorkspaceFolders) -> None:
        """Start to index a workspace in the background, unless it is the same as before."""
        indexed = evolve(folders, near=())
        if indexed == (self._folders or WorkspaceFolders()):
            return
        self._index = self._index or WorkspaceIndex()
        self._folders = indexed
        self._index.build(folders)

    def pause_indexing(self) -> None:
        """Pause indexing, because the user types."""
        if self._index is not None:
            self._index.pause(_PAUSE_S)

    def reindex(self, path: str) -> None:
        """Index a file again, given by its path in the file system: it may have changed."""
        if self._index is not None:
            self._index.update(path)

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all its files."""
        if self._index is not None:
            self._index.remove(path)

    def note_edit(self, verdict: NameVerdict, line: int, lines: Sequence[str]) -> None:
        """Remember an edited place, unless its file is excluded or outside of the workspace.

        Args:
            verdict: The verdict on the file.
            line: The edited line, from 0.
            lines: The lines of the file.
        """
        if verdict.reason is not None or self._folders is None:
            return
        key = self.key(verdict.place)
        if key is not None and not self._folders.may_hold_secrets(verdict.place):
            self._edits = remember_edit(self._edits, key, line, lines)

    def key(self, path: str) -> str | None:
        """Return the name of a file in prompts; None outside of the workspace."""
        return self._index.key(path) if self._index is not None else None

    def shows(self, key: str) -> bool:
        """Whether a model may read a file: it exists, is source code, and is not excluded.

        Reads ignore files that were not read before.
        """
        return self._index is not None and self._index.holds(key)

    def file_named(self, name: str) -> Path | None:
        """Return the file of the workspace that a text names; None where none or several fit.

        Excluded files are never returned. Reads nothing from the disk.
        """
        return self._index.file_named(name) if self._index is not None else None

    async def candidates(self, view: View, tree: SyntaxTree | None, key: str) -> Candidates:
        """Return what may help at the cursor of a view, for the caller to choose from."""
        if (index := self._index) is None:
            return Candidates()

        def find() -> Candidates:
            names = names_near(view, tree) if tree is not None else ()
            return Candidates(
                definitions=_without_credentials(index.definitions(names, key)),
                edits=_without_credentials(self._edits),
                counterparts=_without_credentials(index.counterparts(key)),
            )

        return await asyncio.to_thread(find)

    async def definitions(self, names: Sequence[str], key: str) -> tuple[Snippet, ...]:
        """Return definitions of names used in the file with a key, in the order of the names."""
        if (index := self._index) is None:
            return ()

        def find() -> tuple[Snippet, ...]:
            return _without_credentials(
                snippet for snippet in index.definitions(names, key) if index.holds(snippet.path)
            )

        return await asyncio.to_thread(find)

    async def callers(self, name: str, key: str) -> tuple[Snippet, ...]:
        """Return functions that call what the file with a key defines as ``name``."""
        if (index := self._index) is None:
            return ()

        def find() -> tuple[Snippet, ...]:
            return _without_credentials(
                snippet for snippet in index.callers(name, key) if index.holds(snippet.path)
            )

        return await asyncio.to_thread(find)

    async def files_calling(
        self, names: Sequence[str], key: str
    ) -> tuple[tuple[Path, Sequence[str]], ...]:
        """Return other files that call one of ``names``, with their lines."""
        if (index := self._index) is None:
            return ()

        def find() -> tuple[tuple[Path, Sequence[str]], ...]:
            found = index.files_calling(names, key)
            return tuple(
                (file, lines) for file, lines in found if not has_credential("".join(lines))
            )

        return await asyncio.to_thread(find)

    async def stats(self) -> IndexStats | None:
        """Return the sizes of the index; None if there is none."""
        index = self._index
        return None if index is None else await asyncio.to_thread(lambda: index.stats)

    @property
    def building(self) -> bool:
        """Whether indexing is in progress."""
        return self._index is not None and not self._index.wait(0)

    async def close(self) -> None:
        """Save the index for the next start."""
        if self._index is not None:
            await asyncio.to_thread(self._index.close)


def _without_credentials(pieces: Iterable[_Piece]) -> tuple[_Piece, ...]:
    return tuple(piece for piece in pieces if not has_credential(piece.text))
