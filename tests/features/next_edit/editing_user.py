"""A user who edits documents, and a scripted engine that judges and writes."""

from __future__ import annotations

from attrs import evolve

from leanwide.context.view import Snapshot, split_lines
from leanwide.engine.requests import CancelToken
from leanwide.engine.scripted import ScriptedEngine
from leanwide.features.journal import Record
from leanwide.features.next_edit.propose import propose
from leanwide.features.next_edit.search import NextEditRequest
from leanwide.features.next_edit.state import NextEdit, NextEditState
from leanwide.features.session import Backend, Preferences, Session
from leanwide.postprocess.splice import applied
from leanwide.syntax import Edit, Position
from tests.features.editor import PROFILES

CALLS = """\
first = fetch(1)
second = fetch(2)

third = fetch(3)
"""
"""Calls of one function: whether an argument that the first one gets belongs to the others, too, is
for the model to judge."""
AREA = """\
def area(size, count):
    total = size * count
    return total + size
"""
"""A function whose parameter is renamed: its uses follow for certain."""


class EditingUser:
    """A user with open documents in Python; the cursor is where the last edit ended."""

    def __init__(
        self, engine: ScriptedEngine | None = None, preferences: Preferences | None = None
    ) -> None:
        self.engine = engine or ScriptedEngine()
        session = Session(
            backend=Backend(engine=self.engine),
            profiles=PROFILES,
            preferences=preferences or Preferences(),
        )
        self.state = NextEditState(session=session)
        self.documents: dict[str, Snapshot] = {}
        self.cursor = ("", Position(0, 0))

    def open(self, text: str, path: str = "/project/a.py", language: str = "python") -> str:
        uri = f"file://{path}"
        self.documents[uri] = Snapshot(
            uri=uri, path=path, language_id=language, version=1, lines=tuple(split_lines(text))
        )
        self.state.opened(self.documents[uri])
        return uri

    def change(self, uri: str, edit: Edit) -> None:
        document = self.documents[uri]
        lines = tuple(applied(document.lines, (edit,)))
        self.documents[uri] = evolve(document, lines=lines, version=document.version + 1)
        self.state.changed(self.documents[uri])
        self.cursor = (uri, Position(edit.start.line, edit.start.column + len(edit.text)))

    def replace(self, uri: str, line: int, old: str, new: str) -> None:
        """Replace the first ``old`` of a line."""
        column = self.documents[uri].lines[line].index(old)
        at = Position(line, column)
        self.change(uri, Edit(at, Position(line, column + len(old)), new))

    async def ask(self, cancel: CancelToken | None = None) -> NextEdit | None:
        uri, (line, column) = self.cursor
        others = [document for key, document in self.documents.items() if key != uri]
        asked = NextEditRequest(view=self.documents[uri].at(line, column), others=lambda: others)
        return await propose(asked, self.state, cancel or CancelToken())

    def accept(self, edit: NextEdit) -> None:
        self.change(edit.candidate.uri, edit.candidate.edit)
        self.state.accept(edit.id)

    def text(self, uri: str) -> str:
        return "".join(self.documents[uri].lines)

    @property
    def records(self) -> tuple[Record, ...]:
        return self.state.session.journal.records


def likes(word: str) -> ScriptedEngine:
    """Return an engine whose model finds texts with a word likely, and no others."""
    engine = ScriptedEngine()
    engine.nats = lambda text: 4.0 if word in text else 20.0
    return engine


def changed_call(engine: ScriptedEngine) -> tuple[EditingUser, str]:
    """Return a user who has just given the first call of :data:`CALLS` another argument."""
    user = EditingUser(engine)
    uri = user.open(CALLS)
    user.replace(uri, 0, "(1)", "(1, None)")
    return user, uri
