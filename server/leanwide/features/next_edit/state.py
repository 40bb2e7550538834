"""What is remembered of next edits: the user's edits, what was shown, and what was rejected."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from attrs import define, field, frozen

from leanwide.context.view import Snapshot
from leanwide.features.exclusion import exclusion_reason
from leanwide.features.next_edit.candidate import Candidate
from leanwide.features.next_edit.event import EditEvent
from leanwide.features.next_edit.history import EditHistory
from leanwide.features.next_edit.judging import Judge
from leanwide.features.session import Session
from leanwide.files.credentials import has_credential

_MAX_REMEMBERED: Final = 64
"""Edits that may still be accepted or rejected, and rejected ones."""
_AROUND: Final = 1
"""Lines above and below an edit: when one of them changes, a rejected edit may be shown again."""


@frozen(kw_only=True)
class NextEdit:
    """An edit that is proposed."""

    id: str
    """By which the client says what became of it."""
    candidate: Candidate
    document: Snapshot
    """The text that the edit is for."""


@define(kw_only=True)
class NextEditCounts:
    """What became of the proposed edits, on this machine only."""

    proposed: int = 0
    shown: int = 0
    """As far as the client says."""
    accepted: int = 0
    rejected: int = 0


@frozen
class _Rejected:
    """A change of a text, wherever it stands in its document."""

    uri: str
    text: str
    around: tuple[str, ...]

    @classmethod
    def of(cls, candidate: Candidate, document: Snapshot) -> _Rejected:
        edit = candidate.edit
        first = max(0, edit.start.line - _AROUND)
        around = document.lines[first : edit.end.line + 1 + _AROUND]
        return cls(candidate.uri, f"{edit.start.column}:{edit.text}", around)


@define(kw_only=True)
class NextEditState:
    """The next edits of one session. Used by the asyncio loop only."""

    session: Session
    history: EditHistory = field(factory=EditHistory)
    judge: Judge = field(init=False)
    switched: bool | None = None
    """What the user chose for this session; None: the settings decide."""
    counts: NextEditCounts = field(factory=NextEditCounts)
    focused: list[str] = field(factory=list)
    """URIs of documents, the last one that the user looked at first."""
    _texts: dict[str, Snapshot] = field(factory=dict)
    """The newest text of each open document, by URI."""
    _proposed: deque[NextEdit] = field(factory=lambda: deque(maxlen=_MAX_REMEMBERED))
    _rejected: deque[_Rejected] = field(factory=lambda: deque(maxlen=_MAX_REMEMBERED))
    _ids: Iterator[int] = field(factory=lambda: itertools.count(1))

    @judge.default
    def _judge(self) -> Judge:
        return Judge(self.session)

    @property
    def enabled(self) -> bool:
        """Whether the user wants next edits."""
        wanted = self.session.preferences.next_edit
        return wanted if self.switched is None else self.switched

    def opened(self, document: Snapshot) -> None:
        """Follow a document from now on."""
        self._texts[document.uri] = document

    def changed(self, document: Snapshot) -> None:
        """Note what the user changed."""
        before = self._texts.get(document.uri)
        self._texts[document.uri] = document
        if before is not None and self.enabled:
            self.history.changed(before, document, time.monotonic())

    def focus(self, uri: str) -> None:
        """Note that the user looks at a document."""
        self.focused = [uri, *(other for other in self.focused if other != uri)][:_MAX_REMEMBERED]

    def closed(self, uri: str) -> None:
        """Forget a document and what was changed in it."""
        self._texts.pop(uri, None)
        self.history.forget(uri)

    async def events(self, now: float) -> tuple[EditEvent, ...]:
        """Return the edits that may lead to others, newest first.

        Those of excluded documents and those with a credential do not.
        """
        events = self.history.events(now)
        documents = {event.uri: self._texts.get(event.uri) for event in events}
        allowed = {
            uri
            for uri, document in documents.items()
            if document is not None and await exclusion_reason(document, self.session.names) is None
        }
        return await asyncio.to_thread(
            _without_credentials, [event for event in events if event.uri in allowed]
        )

    def propose(self, candidate: Candidate, document: Snapshot) -> NextEdit:
        """Return a candidate as an edit that the client may show."""
        proposed = NextEdit(id=str(next(self._ids)), candidate=candidate, document=document)
        self._proposed.append(proposed)
        self.counts.proposed += 1
        return proposed

    def shown(self, known: str) -> None:
        """Count an edit that the client shows."""
        self.counts.shown += self._find(known) is not None

    def accept(self, known: str) -> None:
        """Count an edit that the user accepted."""
        if (edit := self._find(known)) is not None:
            self._proposed.remove(edit)
            self.counts.accepted += 1

    def reject(self, known: str) -> None:
        """Propose an edit no more until the text around its place changes."""
        if (edit := self._find(known)) is not None:
            self._proposed.remove(edit)
            self._rejected.append(_Rejected.of(edit.candidate, edit.document))
            self.counts.rejected += 1

    def was_rejected(self, candidate: Candidate, document: Snapshot) -> bool:
        """Whether the user rejected this change of this text."""
        return _Rejected.of(candidate, document) in self._rejected

    def _find(self, known: str) -> NextEdit | None:
        return next((edit for edit in self._proposed if edit.id == known), None)


def _without_credentials(events: Iterable[EditEvent]) -> tuple[EditEvent, ...]:
    """Return the events in whose lines no credential is; takes a millisecond for a long one."""
    return tuple(
        event for event in events if not has_credential("".join((*event.before, *event.after)))
    )
