"""Ignore files that do not count: the user is told of each, until it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from leanwide.files.reader import UnreadableFile
from leanwide.files.shown import unread_notice

_GATHER_S: Final = 1.0
"""Seconds in which files are gathered for one message."""


class UnreadFiles:
    """Gathers the ignore files that do not count, and tells of them in few messages.

    Args:
        tell: Shows the user a line.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._known: set[Path] = set()
        """Those that were told of, and those that wait for that."""
        self._waiting: list[UnreadableFile] = []

    def note(self, unread: UnreadableFile) -> None:
        """Tell of an ignore file soon, unless that was done and it has not changed since."""
        if unread.path in self._known:
            return
        if not self._waiting:
            asyncio.get_running_loop().call_later(_GATHER_S, self._tell_waiting)
        self._known.add(unread.path)
        self._waiting.append(unread)

    def forget(self, changed: Iterable[str]) -> None:
        """Forget files that changed, and those in folders that did: they are read again."""
        paths = set(map(Path, changed))
        self._known = {known for known in self._known if paths.isdisjoint((known, *known.parents))}
        self._waiting = [file for file in self._waiting if file.path in self._known]

    def _tell_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._tell(unread_notice(waiting))
