"""Syntax trees of the documents at hand, kept up to date from view to view."""

from __future__ import annotations

import asyncio
from typing import Final

from leanwide.context.view import View
from leanwide.syntax import SyntaxTree, language_for, parse

_KEPT: Final = 16
"""Documents whose trees are kept; a tree of 10,000 lines takes about 10 MB."""


class Trees:
    """The newest tree of each document, by URI."""

    def __init__(self) -> None:
        self._trees: dict[str, SyntaxTree] = {}

    async def at(self, view: View) -> SyntaxTree | None:
        """Give the tree of a view and keep it; None for a language without a grammar.

        A new document is parsed in a thread; a change costs what it touches.
        """
        tree = await self.ahead(view)
        if tree is None:
            return None
        self._trees.pop(view.uri, None)
        self._trees[view.uri] = tree
        while len(self._trees) > _KEPT:
            self._trees.pop(next(iter(self._trees)))
        return tree

    async def ahead(self, view: View) -> SyntaxTree | None:
        """Give the tree of a view that does not exist yet; what is kept stays."""
        language = language_for(view.language_id, view.path)
        if language is None:
            return None
        tree = self._trees.get(view.uri)
        if tree is None or tree.language != language:
            return await asyncio.to_thread(parse, language, view.lines)
        return tree if tree.lines == view.lines else tree.edited((), view.lines)

    def forget(self, uri: str) -> None:
        """Forget a closed document."""
        self._trees.pop(uri, None)
