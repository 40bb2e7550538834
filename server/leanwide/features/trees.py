"""Syntax trees of the documents at hand, kept up to date from view to view.

Reading the change of a key takes a millisecond or two, but in a long file, where code is broken as
it is while somebody types, up to a whole reading: 60 ms for 10,000 lines. Keys there make do with
less, and the tree is brought up to date when nobody types.
"""

from __future__ import annotations

import asyncio
from typing import Final

from leanwide.context.view import View
from leanwide.syntax import Language, SyntaxTree, focused, language_for, parse

_KEPT: Final = 16
"""Documents whose trees are kept; a tree of 10,000 lines takes about 10 MB."""
_LONG: Final = 2_000
"""Lines of a long file."""
_FEW: Final = 40
"""Lines of a change after which a tree that was not read since still tells where things stand."""
_CHANGES: Final = 300
"""Changes after which it does not."""


class Trees:
    """The newest tree of each document, by URI."""

    def __init__(self) -> None:
        self._trees: dict[str, SyntaxTree] = {}
        self._unread: dict[str, int] = {}
        """Changes since each was read, of long files."""

    async def at(self, view: View) -> SyntaxTree | None:
        """Give the tree of a view and keep it; None for a language without a grammar.

        A new document is parsed in a thread; a change costs what it touches.
        """
        tree = await self.whole(view)
        if tree is not None:
            self._keep(view.uri, tree, unread=0)
        return tree

    async def whole(self, view: View) -> SyntaxTree | None:
        """Give the tree of a view; what is kept stays."""
        language = language_for(view.language_id, view.path)
        if language is None:
            return None
        tree = self._kept(view)
        if tree is None:
            return await asyncio.to_thread(_first, language, view.lines)
        read = tree.lines == view.lines and not self._unread[view.uri]
        return tree if read else tree.edited((), view.lines)

    async def near(self, view: View) -> SyntaxTree | None:
        """Give a tree that tells where definitions stand; of a long file, not what has changed."""
        return self._moved(view) or await self.at(view)

    async def here(self, view: View) -> SyntaxTree | None:
        """Give a tree that tells what is at the cursor; of a long file, not what is far away."""
        tree = self._moved(view)
        return focused(tree, view.line) if tree is not None else await self.at(view)

    async def ahead(self, view: View) -> SyntaxTree | None:
        """Give the same of a view that does not exist yet; what is kept stays."""
        tree = self._kept(view) if _is_long(view) else None
        moved = tree.moved(view.lines, _FEW) if tree is not None else None
        return focused(moved, view.line) if moved is not None else await self.whole(view)

    def follow(self, view: View) -> None:
        """Have what is kept of a long file follow a view for which no tree was needed."""
        self._moved(view)

    def outdated(self, view: View) -> bool:
        """Whether what is kept was read before the last changes."""
        tree = self._kept(view)
        return tree is not None and (self._unread[view.uri] > 0 or tree.lines != view.lines)

    def forget(self, uri: str) -> None:
        """Forget a closed document."""
        self._trees.pop(uri, None)
        self._unread.pop(uri, None)

    def _kept(self, view: View) -> SyntaxTree | None:
        tree = self._trees.get(view.uri)
        fits = tree is not None and tree.language == language_for(view.language_id, view.path)
        return tree if fits else None

    def _moved(self, view: View) -> SyntaxTree | None:
        """Have what is kept of a long file follow a small change without reading it."""
        tree = self._kept(view)
        if tree is None or not _is_long(view):
            return None
        if tree.lines == view.lines:
            return tree
        moved = tree.moved(view.lines, _FEW)
        unread = self._unread[view.uri] + 1
        if moved is None or unread > _CHANGES:
            return None
        self._keep(view.uri, moved, unread)
        return moved

    def _keep(self, uri: str, tree: SyntaxTree, unread: int) -> None:
        self._trees.pop(uri, None)
        self._trees[uri], self._unread[uri] = tree, unread
        while len(self._trees) > _KEPT:
            self.forget(next(iter(self._trees)))


def _first(language: Language, lines: tuple[str, ...]) -> SyntaxTree:
    language.prepare()
    return parse(language, lines)


def _is_long(view: View) -> bool:
    return len(view.lines) >= _LONG
