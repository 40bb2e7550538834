"""Pieces of other files that a client sends along, in place of a workspace."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from typing import Final

from attrs import define, frozen

from leanwide.context.related import Candidates, lines_near
from leanwide.context.snippet import MAX_LINES, Snippet, clipped
from leanwide.context.view import Snapshot, View, split_lines
from leanwide.features.exclusion import DocumentNames, exclusion_reason, possible_paths
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.files.credentials import has_credential
from leanwide.syntax import SyntaxTree

_NAME: Final = re.compile(r"[^\W\d]\w{2,}")
_MAX_CANDIDATES: Final = 8


@frozen
class GivenFile:
    """A piece of a file, with the name that the client has for the file."""

    path: str
    """"" where the client names none."""
    text: str


@define(eq=False)
class GivenFiles(WorkspaceContext):
    """The pieces that came with the newest request; nothing is read from the disk.

    It never returns a text that holds a credential, nor a piece of an excluded file.
    """

    _snippets: tuple[Snippet, ...] = ()
    """The newest first."""

    async def use(self, files: Sequence[GivenFile], names: DocumentNames) -> None:
        """Use other pieces, given with the newest last."""
        snippets: list[Snippet] = []
        for file in reversed(files):
            if await _may_be_read(file, names):
                snippets += _snippets_of(file)
        self._snippets = tuple(snippets)

    def key(self, path: str) -> str | None:
        """Return the name of a file in prompts, which is the client's."""
        return path

    def shows(self, key: str) -> bool:
        """Whether the client still sends something of a file."""
        return any(snippet.path == key for snippet in self._snippets)

    async def candidates(self, view: View, tree: SyntaxTree | None, key: str) -> Candidates:
        """Return the pieces with most names in common with the text at the cursor."""
        del tree, key
        return await asyncio.to_thread(_candidates, view, self._snippets)


async def _may_be_read(file: GivenFile, names: DocumentNames) -> bool:
    lines = tuple(split_lines(file.text))
    piece = Snapshot(uri=file.path, path=file.path, language_id="", version=0, lines=lines)
    if await exclusion_reason(piece, names) is not None:
        return False
    if any(map(names.folders.may_hold_secrets, possible_paths(file.path))):
        return False
    return not await asyncio.to_thread(has_credential, file.text)


def _snippets_of(file: GivenFile) -> Iterable[Snippet]:
    """Yield a piece in parts that are as long as snippets are."""
    lines = split_lines(file.text)
    for first in range(0, len(lines), MAX_LINES):
        if text := clipped("".join(lines[first : first + MAX_LINES])):
            yield Snippet(file.path or "piece", text, first)


def _candidates(view: View, snippets: tuple[Snippet, ...]) -> Candidates:
    near = _names(lines_near(view))
    shared = {snippet: len(near & _names((snippet.text,))) for snippet in snippets}
    found = sorted(filter(shared.get, shared), key=lambda snippet: -shared[snippet])
    return Candidates(definitions=tuple(found[:_MAX_CANDIDATES]))


def _names(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(name for text in texts for name in _NAME.findall(text))
