"""Edits of a document, one after the other, and what may follow from them."""

from __future__ import annotations

from textwrap import dedent

from leanwide.context.view import Snapshot, split_lines
from leanwide.features.next_edit.candidate import Candidate
from leanwide.features.next_edit.candidates import candidates
from leanwide.features.next_edit.history import EditHistory
from leanwide.syntax import Edit, SyntaxTree, content, language_for, parse, split

_PAUSE_S = 60.0
"""Between two edits, so that each is an event."""


def snapshot(text: str, language: str, version: int = 1, path: str = "/project/file") -> Snapshot:
    """Return a document with ``text``."""
    return Snapshot(
        uri=f"file://{path}",
        path=path,
        language_id=language,
        version=version,
        lines=tuple(split_lines(text)),
    )


def tree_of(document: Snapshot) -> SyntaxTree:
    """Return the tree of a document in a known language."""
    language = language_for(document.language_id, document.path)
    assert language is not None
    return parse(language, document.lines)


def edited(document: Snapshot, edit: Edit) -> tuple[str, ...]:
    """Return the lines of a document after an edit."""
    first, last = edit.start.line, edit.end.line
    head = document.lines[first][: edit.start.column] if first < len(document.lines) else ""
    tail = document.lines[last][edit.end.column :] if last < len(document.lines) else ""
    new = split(head + edit.text + tail)
    return (*document.lines[:first], *new, *document.lines[last + 1 :])


class Session:
    """A document that is edited, and the history of it."""

    def __init__(self, text: str, language: str, path: str = "/project/file") -> None:
        self.document = snapshot(dedent(text), language, path=path)
        self.history = EditHistory()
        self.now = 0.0

    def replace(self, old: str, new: str) -> None:
        """Replace the first ``old``, in one edit."""
        text = "".join(self.document.lines)
        assert old in text, old
        self.become(text.replace(old, new, 1))
        self.now += _PAUSE_S

    def become(self, text: str) -> None:
        """Replace the text, as an editor does after a key."""
        version = self.document.version + 1
        new = snapshot(text, self.document.language_id, version, self.document.path)
        self.history.changed(self.document, new, self.now)
        self.document = new

    def candidates(self, cursor: tuple[int, int] = (0, 0)) -> tuple[Candidate, ...]:
        """Return what may be edited next."""
        events = self.history.events(self.now)
        return candidates(events, self.document, tree_of(self.document), cursor)

    def changes(self) -> list[str]:
        """Return the lines that candidates change, before and after."""
        return [
            f"{content(self.document.lines[found.edit.start.line]).strip()} → "
            f"{content(edited(self.document, found.edit)[found.edit.start.line]).strip()}"
            for found in self.candidates()
        ]
