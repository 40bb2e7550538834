"""One edit of the user: the lines that changed, before and after."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class EditEvent:
    """One edit at one place of a document: all keys that were typed there, joined."""

    uri: str
    path: str
    """File-system path, or the URI's path for documents that are not files."""
    language_id: str
    version: int
    """Of the document after the edit."""
    line: int
    """Where the changed lines begin after the edit; counts from 0."""
    before: tuple[str, ...]
    """The lines that were there, with LF endings; empty where lines were only added."""
    after: tuple[str, ...]
    """The lines that replaced them, with LF endings; empty where lines were only removed."""
    scope: str = ""
    """The grammar's type of the smallest node around the change; "" without a grammar."""
