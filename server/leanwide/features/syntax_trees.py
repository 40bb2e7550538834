"""Syntax trees of the open documents, kept up to date from view to view.

Parsing the change of a key takes a millisecond or two, but in a long file whose code is broken, as
it is while a user types, up to the time for the whole text: 60 ms for 10,000 lines. Keys there make
do with an older tree, and the tree is brought up to date in idle moments.

All parsing is done in threads. A text that takes too long gets an empty tree, and is not tried
again for a while.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from attrs import evolve, field, frozen

from leanwide.context.view import Snapshot, View
from leanwide.syntax import Language, SyntaxTree, focused, language_for, parse

_MAX_TREES: Final = 16
"""A tree of 10,000 lines takes about 10 MB."""
_LONG_FILE_LINES: Final = 2_000
_MAX_MOVED_LINES: Final = 40
"""Lines of a change after which an older tree still tells where definitions stand."""
_MAX_UNPARSED_CHANGES: Final = 1_000
"""Changes after which it does not."""
_RETRY_S: Final = 60.0
"""Seconds after which a text that took too long is tried again: it may have changed."""


@frozen
class _KeptTree:
    tree: SyntaxTree
    unparsed_changes: int
    """Changes since it was parsed, of a long file."""
    language_id: str
    version: int
    """Of the document, as its language identifier."""
    since: float = field(factory=time.monotonic)

    @property
    def may_be_retried(self) -> bool:
        """Whether parsing was given up, long ago."""
        return self.tree.given_up and time.monotonic() - self.since > _RETRY_S

    def moved(self, document: Snapshot) -> SyntaxTree | None:
        """Return the tree of a long file, moved by a small change without parsing it."""
        if len(document.lines) < _LONG_FILE_LINES:
            return None
        if self.tree.lines == document.lines:
            return self.tree
        return self.tree.moved(document.lines, _MAX_MOVED_LINES)


class SyntaxTrees:
    """The newest tree of each document, by URI."""

    def __init__(self) -> None:
        self._kept: dict[str, _KeptTree] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        """A document is parsed by one thread at a time: the next one often finds it parsed. What
        was parsed under a lock that is gone is not kept: the document was closed meanwhile."""

    async def at(self, document: Snapshot) -> SyntaxTree | None:
        """Return the tree of a document and keep it; None for a language without a grammar.

        Parsing costs what the change since the kept tree touches.
        """
        lock = self._lock(document)
        tree = await self.whole(document)
        if tree is not None and self._locks.get(document.uri) is lock:
            self._keep(document, tree, unparsed_changes=0)
        return tree

    async def whole(self, document: Snapshot) -> SyntaxTree | None:
        """Return the tree of a document, and keep the earlier one."""
        kept = self._kept_for(document)
        language = (
            language_for(document.language_id, document.path)
            if kept is None
            else kept.tree.language
        )
        if language is None:
            return None
        lock = self._lock(document)
        await lock.acquire()
        # A thread cannot be stopped: it releases the lock itself, also after a cancel.
        parsing = asyncio.create_task(self._parse(language, document))
        parsing.add_done_callback(lambda _: lock.release())
        tree = await asyncio.shield(parsing)
        if tree.given_up and self._locks.get(document.uri) is lock:
            self._keep(document, tree, unparsed_changes=0)
        return tree

    async def near(self, document: Snapshot) -> SyntaxTree | None:
        """Return a tree that tells where definitions stand; of a long file, an older one."""
        return self._followed(document) or await self.at(document)

    async def here(self, view: View) -> SyntaxTree | None:
        """Return a tree that tells what is at the cursor; of a long file, of its surroundings."""
        tree = self._followed(view)
        if tree is None:
            return await self.at(view)
        return await asyncio.to_thread(focused, tree, view.line)

    async def near_ahead(self, document: Snapshot) -> SyntaxTree | None:
        """Return what `near` returns, for a text that does not exist yet; nothing is kept."""
        return self._moved(document) or await self.whole(document)

    async def here_ahead(self, view: View) -> SyntaxTree | None:
        """Return what `here` returns, for a text that does not exist yet; nothing is kept."""
        tree = self._moved(view)
        if tree is None:
            return await self.whole(view)
        return await asyncio.to_thread(focused, tree, view.line)

    def follow(self, document: Snapshot) -> None:
        """Move the kept tree of a long file to a snapshot for which no tree was needed."""
        self._followed(document)

    def outdated(self, document: Snapshot) -> bool:
        """Whether the kept tree was parsed before the last changes."""
        kept = self._kept_for(document)
        return kept is not None and (kept.unparsed_changes > 0 or kept.tree.lines != document.lines)

    def forget(self, uri: str) -> None:
        """Forget a closed document."""
        self._kept.pop(uri, None)
        self._locks.pop(uri, None)

    def _lock(self, document: Snapshot) -> asyncio.Lock:
        return self._locks.setdefault(document.uri, asyncio.Lock())

    async def _parse(self, language: Language, document: Snapshot) -> SyntaxTree:
        kept = self._kept_for(document)
        if kept is None or kept.may_be_retried:
            return await asyncio.to_thread(_parse_first, language, document.lines)
        if kept.tree.lines == document.lines and not kept.unparsed_changes:
            return kept.tree
        return await asyncio.to_thread(kept.tree.edited, document.lines)

    def _kept_for(self, document: Snapshot) -> _KeptTree | None:
        kept = self._kept.get(document.uri)
        fits = kept is not None and kept.language_id == document.language_id
        return kept if fits else None

    def _moved(self, document: Snapshot) -> SyntaxTree | None:
        kept = self._kept_for(document)
        return None if kept is None else kept.moved(document)

    def _followed(self, document: Snapshot) -> SyntaxTree | None:
        """Return the moved tree and keep it; None where too much changed since it was parsed."""
        kept = self._kept_for(document)
        tree = None if kept is None else kept.moved(document)
        if kept is None or tree is None or tree is kept.tree:
            return tree
        if kept.unparsed_changes >= _MAX_UNPARSED_CHANGES:
            return None
        self._keep(document, tree, kept.unparsed_changes + 1)
        return tree

    def _keep(self, document: Snapshot, tree: SyntaxTree, unparsed_changes: int) -> None:
        """Keep the tree of a document, unless that of a later one is there.

        A tree that went back would be two changes behind the next one: too far for a small step.
        """
        before = self._kept.pop(document.uri, None)
        now = _KeptTree(tree, unparsed_changes, document.language_id, document.version)
        if before and before.tree.given_up and tree.given_up and not before.may_be_retried:
            now = evolve(now, since=before.since)
        self._kept[document.uri] = before if before and before.version > now.version else now
        while len(self._kept) > _MAX_TREES:
            self.forget(next(iter(self._kept)))


def _parse_first(language: Language, lines: tuple[str, ...]) -> SyntaxTree:
    language.prepare()
    return parse(language, lines)
