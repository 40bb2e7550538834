"""The last attempts of a session, by id, so that the user can ask again. Kept in memory only."""

from __future__ import annotations

import secrets
from typing import Final

from attrs import frozen

from leanwide.context.view import View
from leanwide.features.edit.assignment import Attempt
from leanwide.features.edit.change import FileEdit
from leanwide.features.session import Backend
from leanwide.modes.router import Task

MAX_ATTEMPTS: Final = 8
"""Attempts that are remembered; the oldest is dropped first."""


@frozen(kw_only=True)
class StoredAttempt:
    """An attempt, and what has to be the same when it is continued."""

    task: Task
    view: View
    """The document that the request was about."""
    backend: Backend
    change: FileEdit | None
    attempt: Attempt

    @property
    def uris(self) -> frozenset[str]:
        """The document that the request was about, and the one that it changes."""
        changed = () if self.change is None else (self.change.uri,)
        return frozenset((self.view.uri, *changed))

    def continues(self, task: Task, view: View, backend: Backend) -> bool:
        """Whether a request can follow up on it: the text and the model are what they were."""
        before = self.view
        same_text = (before.uri, before.version) == (view.uri, view.version)
        same_text = same_text and before.lines == view.lines
        return task is self.task and same_text and backend is self.backend


class Attempts:
    """The last attempts, by id."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredAttempt] = {}

    def remember(self, stored: StoredAttempt) -> str:
        """Remember an attempt, and return its id."""
        attempt_id = secrets.token_hex(8)
        self._by_id[attempt_id] = stored
        for old in list(self._by_id)[:-MAX_ATTEMPTS]:
            del self._by_id[old]
        return attempt_id

    def forget(self, uri: str) -> None:
        """Forget the attempts at a document that changed or was closed: none can go on."""
        self._by_id = {name: one for name, one in self._by_id.items() if uri not in one.uris}

    def find(self, attempt_id: str | None) -> StoredAttempt | None:
        """Return an attempt; None if it was dropped, or never made here."""
        return self._by_id.get(attempt_id) if attempt_id is not None else None
