"""Syntax trees of the documents at hand, kept up to date from view to view.

Reading the change of a key takes a millisecond or two, but in a long file, where code is broken as
it is while somebody types, up to a whole reading: 60 ms for 10,000 lines. Keys there make do with
less, and the tree is brought up to date when nobody types.

All reading is done in threads. A text that takes too long gets a tree that says nothing, and is
left alone for a while.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from attrs import evolve, field, frozen

from leanwide.context.view import View
from leanwide.syntax import Language, SyntaxTree, focused, language_for, parse

_KEPT: Final = 16
"""Documents whose trees are kept; a tree of 10,000 lines takes about 10 MB."""
_LONG: Final = 2_000
"""Lines of a long file."""
_FEW: Final = 40
"""Lines of a change after which a tree that was not read since still tells where things stand."""
_CHANGES: Final = 1_000
"""Changes after which it does not."""
_AGAIN_S: Final = 60.0
"""Seconds after which a text that took too long is tried again: it may be another by now."""


@frozen
class _Kept:
    tree: SyntaxTree
    unread: int
    """Changes since it was read, of a long file."""
    version: int
    """Of the document."""
    since: float = field(factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        """Whether reading was given up, long ago."""
        return self.tree.given_up and time.monotonic() - self.since > _AGAIN_S


class SyntaxTrees:
    """The newest tree of each document, by URI."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        """A document is read by one thread at a time: who comes later often finds it read. What is
        read in a turn that is gone is not kept: the document was closed meanwhile."""

    async def at(self, view: View) -> SyntaxTree | None:
        """Give the tree of a view and keep it; None for a language without a grammar.

        A change costs what it touches.
        """
        turn = self._turn(view)
        tree = await self.whole(view)
        if tree is not None and self._turns.get(view.uri) is turn:
            self._keep(view, tree, unread=0)
        return tree

    async def whole(self, view: View) -> SyntaxTree | None:
        """Give the tree of a view; what is kept stays."""
        language = language_for(view.language_id, view.path)
        if language is None:
            return None
        turn = self._turn(view)
        await turn.acquire()
        # A thread cannot be stopped: it ends its turn itself, also when nobody waits any more.
        reading = asyncio.create_task(self._read(language, view))
        reading.add_done_callback(lambda _: turn.release())
        tree = await asyncio.shield(reading)
        if tree.given_up and self._turns.get(view.uri) is turn:
            self._keep(view, tree, unread=0)
        return tree

    async def near(self, view: View) -> SyntaxTree | None:
        """Give a tree that tells where definitions stand; of a long file, not what has changed."""
        return self._followed(view) or await self.at(view)

    async def here(self, view: View) -> SyntaxTree | None:
        """Give a tree that tells what is at the cursor; of a long file, not what is far away."""
        tree = self._followed(view)
        if tree is None:
            return await self.at(view)
        return await asyncio.to_thread(focused, tree, view.line)

    async def near_ahead(self, view: View) -> SyntaxTree | None:
        """Give what `near` gives, of a view that does not exist yet; what is kept stays."""
        return self._moved(view) or await self.whole(view)

    async def here_ahead(self, view: View) -> SyntaxTree | None:
        """Give what `here` gives, of a view that does not exist yet; what is kept stays."""
        tree = self._moved(view)
        if tree is None:
            return await self.whole(view)
        return await asyncio.to_thread(focused, tree, view.line)

    def follow(self, view: View) -> None:
        """Have what is kept of a long file follow a view for which no tree was needed."""
        self._followed(view)

    def outdated(self, view: View) -> bool:
        """Whether what is kept was read before the last changes."""
        kept = self._of(view)
        return kept is not None and (kept.unread > 0 or kept.tree.lines != view.lines)

    def forget(self, uri: str) -> None:
        """Forget a closed document."""
        self._kept.pop(uri, None)
        self._turns.pop(uri, None)

    def _turn(self, view: View) -> asyncio.Lock:
        return self._turns.setdefault(view.uri, asyncio.Lock())

    async def _read(self, language: Language, view: View) -> SyntaxTree:
        kept = self._of(view)
        if kept is None or kept.is_over:
            return await asyncio.to_thread(_first, language, view.lines)
        if kept.tree.lines == view.lines and not kept.unread:
            return kept.tree
        return await asyncio.to_thread(kept.tree.edited, view.lines)

    def _of(self, view: View) -> _Kept | None:
        kept = self._kept.get(view.uri)
        fits = kept is not None and kept.tree.language == language_for(view.language_id, view.path)
        return kept if fits else None

    def _moved(self, view: View) -> SyntaxTree | None:
        """Give what is kept of a long file, moved by a small change without reading it."""
        kept = self._of(view)
        if kept is None or not _is_long(view):
            return None
        return kept.tree if kept.tree.lines == view.lines else kept.tree.moved(view.lines, _FEW)

    def _followed(self, view: View) -> SyntaxTree | None:
        """Give the same and keep it; None where too much has changed since it was read."""
        tree, kept = self._moved(view), self._of(view)
        if tree is None or kept is None or tree is kept.tree:
            return tree
        if kept.unread >= _CHANGES:
            return None
        self._keep(view, tree, kept.unread + 1)
        return tree

    def _keep(self, view: View, tree: SyntaxTree, unread: int) -> None:
        """Keep the tree of a view, unless that of a later one is there.

        A tree that went back would be two changes behind the next one: too far for a small step.
        """
        before, now = self._kept.pop(view.uri, None), _Kept(tree, unread, view.version)
        if before and before.tree.given_up and tree.given_up and not before.is_over:
            now = evolve(now, since=before.since)
        self._kept[view.uri] = before if before and before.version > now.version else now
        while len(self._kept) > _KEPT:
            self.forget(next(iter(self._kept)))


def _first(language: Language, lines: tuple[str, ...]) -> SyntaxTree:
    language.prepare()
    return parse(language, lines)


def _is_long(view: View) -> bool:
    return len(view.lines) >= _LONG
