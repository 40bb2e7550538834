"""The parameters of the methods for next edits, which LSP does not define."""

from __future__ import annotations

from attrs import frozen
from lsprotocol import types

from leanwide.lsp.arguments import OwnObject


@frozen(kw_only=True)
class InlineEditContext(OwnObject):
    """How the request came about."""

    trigger_kind: int | str | None = None
    """As of an inline completion; every kind gets the same answer."""


@frozen(kw_only=True)
class InlineEditParams(OwnObject):
    """Of ``leanwide/nextEdit`` and ``textDocument/copilotInlineEdit``."""

    text_document: types.VersionedTextDocumentIdentifier
    position: types.Position
    context: InlineEditContext = InlineEditContext()


@frozen(kw_only=True)
class ShownItem(OwnObject):
    """An edit that the client shows."""

    command: types.Command | None = None
    """The one that came with the edit."""


@frozen(kw_only=True)
class ShownEditParams(OwnObject):
    """Of ``textDocument/didShowInlineEdit``."""

    item: ShownItem


@frozen(kw_only=True)
class FocusParams(OwnObject):
    """Of ``textDocument/didFocus``."""

    text_document: types.TextDocumentIdentifier
