"""The documents that clients write, recognised by their text where a request names no file."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import PurePath
from typing import Final

from attrs import define, evolve, field

from leanwide.context.excerpt import Excerpt, is_of, is_typed, joined
from leanwide.context.view import View
from leanwide.features.answer_wishes import AnswerWishes
from leanwide.features.completion.state import CompletionState
from leanwide.features.given_files import GivenFile, GivenFiles
from leanwide.features.session import Session
from leanwide.modes.profile import Mode, Profile

_MAX_IDLE: Final = 8
"""Documents that are remembered besides those that are being answered."""


@define(eq=False)
class HttpDocument:
    """One document, with a session of its own: what one client types supersedes no other's."""

    uri: str
    name: str
    """The client's name of the file; "" where it names none."""
    state: CompletionState
    files: GivenFiles
    profiles: Mapping[Mode, Profile]
    """As set; the session's are narrowed to what the newest request asks for."""
    known: Excerpt
    version: int = 0
    waiting: int = 0
    """Requests that are being answered."""

    @property
    def session(self) -> Session:
        """The session of this document."""
        return self.state.session

    def at(self, path: str) -> View:
        """Return the document at the newest request's cursor."""
        return self.known.view(self.uri, path, self.version)

    def fits(self, excerpt: Excerpt, name: str) -> bool:
        """Whether a request is about this document.

        While another one is answered, only at the same place: this one may be another client's.
        """
        if self.waiting and not is_typed(excerpt, self.known):
            return False
        return self.name == name if self.name or name else is_of(excerpt, self.known)

    def take(self, excerpt: Excerpt) -> None:
        """Remember what a request shows of the document."""
        self.known = joined(excerpt, self.known)
        self.version += 1

    def limit(self, wishes: AnswerWishes) -> int:
        """Narrow completions to what a client asks for; return the most tokens of an answer.

        What was said within other limits is forgotten: it may be longer, or shorter, than wanted.
        """
        code = self.profiles[Mode.CODE]
        narrowed = evolve(code, output_tokens=wishes.most_of(code.output_tokens))
        if narrowed != self.session.profiles[Mode.CODE]:
            self.state.suggestions.forget(self.uri)
            self.session.profiles = {**self.profiles, Mode.CODE: narrowed}
        return narrowed.output_tokens

    def close(self) -> None:
        """End what runs for the document."""
        self.state.cancel_all()
        self.state.forget(self.uri)


@define(eq=False)
class HttpDocuments:
    """The documents of all clients. Used by the asyncio loop only."""

    new_session: Callable[[GivenFiles], Session]
    _open: list[HttpDocument] = field(factory=list)
    """The least recently used first."""
    _numbers: Iterator[int] = field(factory=itertools.count)

    @contextmanager
    def showing(self, excerpt: Excerpt, name: str) -> Iterator[HttpDocument]:
        """Return the document that an excerpt is of, while its request is answered."""
        newest_first = reversed(self._open)
        found = next((each for each in newest_first if each.fits(excerpt, name)), None)
        if found is None:
            found = self._begin(excerpt, name)
        else:
            found.take(excerpt)
            self._open.remove(found)
        self._open.append(found)
        found.waiting += 1
        try:
            yield found
        finally:
            found.waiting -= 1
            self._forget_oldest()

    def close(self) -> None:
        """End all work."""
        for document in self._open:
            document.close()
        self._open.clear()

    def _begin(self, excerpt: Excerpt, name: str) -> HttpDocument:
        files = GivenFiles()
        session = self.new_session(files)
        return HttpDocument(
            uri=f"http-document:{next(self._numbers)}",
            name=name,
            state=CompletionState(session=session),
            files=files,
            profiles=session.profiles,
            known=excerpt,
        )

    def _forget_oldest(self) -> None:
        idle = [document for document in self._open if not document.waiting]
        for document in idle[: max(0, len(idle) - _MAX_IDLE)]:
            document.close()
            self._open.remove(document)


def path_of(name: str, files: Sequence[GivenFile]) -> str:
    """Return the path of a document, whose suffix tells its language.

    Without a name, it is that of the other pieces, where all that have names agree on one.
    """
    if name:
        return name
    suffixes = {PurePath(file.path).suffix for file in files if file.path}
    return f"untitled{suffixes.pop()}" if len(suffixes) == 1 else "untitled"
