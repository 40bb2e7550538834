"""The change that is proposed for one file."""

from __future__ import annotations

from attrs import frozen

from leanwide.features.refusal import Refusal
from leanwide.syntax import Edit


@frozen(kw_only=True)
class FileEdit:
    """Edits of one document, and the version that they are for."""

    uri: str
    version: int | None
    """Of the open document; None where the editor has not opened the file."""
    lines: tuple[str, ...]
    """The text that the edits are for, lines with their endings."""
    edits: tuple[Edit, ...]
    """In the order of the text; none touches another."""
    creates: bool = False
    """The file does not exist yet."""


class Mistake(Refusal):
    """A refusal of an answer that the model may correct; it reads the sentence too."""
