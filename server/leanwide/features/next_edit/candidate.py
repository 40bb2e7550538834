"""A change that may be what the user does next."""

from __future__ import annotations

import enum

from attrs import frozen

from leanwide.syntax import Edit


class CandidateKind(enum.StrEnum):
    """How a candidate follows from an edit of the user."""

    RENAME = "rename"
    """A name was replaced; here is another use of it."""
    ARGUMENT = "argument"
    """An argument or parameter was added, dropped or changed; here is a call of the same function,
    or its signature."""
    REPLACEMENT = "replacement"
    """The same code stands here that was replaced there."""
    TWIN = "twin"
    """A line like the changed one: the next row of a table, the next branch, the next test."""
    IMPORT = "import"
    """A module or an imported name was replaced; here is its use, or its import."""
    WRITTEN = "written"
    """A model that writes edits wrote it."""


@frozen(kw_only=True)
class Candidate:
    """A change of one place of a document, found without a model."""

    uri: str
    path: str
    version: int | None
    """Of the open document that the edit is for; None for a file that the editor has not opened."""
    edit: Edit
    """Lines and columns count from 0, columns in code points; its text has LF endings."""
    replaced: str
    """The text that the edit replaces, with LF endings."""
    kind: CandidateKind
    certain: bool
    """It follows from the edit whatever a model thinks: it may be shown without a judgement."""
    reason: str
    """Why it is proposed, a part of a sentence for the user: "`size` is now `length`"."""
