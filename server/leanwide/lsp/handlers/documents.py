"""Documents come, change and go; pygls has already applied the change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from leanwide.features.completion.saved_places import save_place
from leanwide.features.exclusion import exclusion_reason
from leanwide.lsp import convert
from leanwide.lsp.handlers.workspace import follow_rules
from leanwide.lsp.notebooks import document_key, is_open, joined
from leanwide.lsp.uris import file_path

if TYPE_CHECKING:
    from leanwide.lsp.session import Server


async def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Load the model as soon as there is something to complete, and parse the document."""
    await opened(ls, params.text_document)


async def opened(ls: Server, document: types.TextDocumentItem) -> None:
    """Take over a file or a cell of a notebook."""
    view = convert.view_at(ls.documents, document.uri, types.Position(0, 0))
    ls.folders.elsewhere.reindex(view.path)
    ls.folders.names.forget(view.path)
    if not ls.serves(document.language_id):
        return
    ls.session.backend.engine.start()
    if await exclusion_reason(view, ls.folders.names) is None:
        await ls.session.trees.at(joined(ls.documents, view))


async def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Retire what runs for the document and needs its text: an explanation goes on."""
    await changed(ls, params.text_document.uri, params.content_changes)


async def changed(
    ls: Server, uri: str, changes: Sequence[types.TextDocumentContentChangeEvent]
) -> None:
    """Follow the changes of a file or of a cell of a notebook."""
    key = document_key(ls.documents, uri)
    ls.live.retire(key)
    ls.completion.document_changed(key)
    ls.editing.retire(uri)
    ls.folders.elsewhere.pause_indexing()
    document = ls.documents.opened(uri)
    if document is None:
        return
    # Change by change: places that are far apart would make one change of all that is between.
    view = convert.view_at(ls.documents, uri, types.Position(0, 0))
    ls.session.trees.follow(joined(ls.documents, view))
    last = changes[-1] if changes else None
    if document.path and isinstance(last, types.TextDocumentContentChangePartial):
        line = last.range.start.line + last.text.count("\n")
        judged = await ls.folders.names.judge(document.path)  # known but right behind the opening
        ls.folders.elsewhere.note_edit(judged, line, view.lines)


async def did_save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    """Look at the file's definitions, or go by its rules, as they are now."""
    uri = params.text_document.uri
    _look_again(ls, uri)
    if (path := file_path(uri)) is not None:
        await follow_rules(ls, [path])


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Retire the document's running request and forget the document."""
    uri = params.text_document.uri
    closed(ls, uri, document_key(ls.documents, uri))


def closed(ls: Server, uri: str, key: str) -> None:
    """Forget a file, or a cell of a notebook; with its last cell the notebook ``key``."""
    _look_again(ls, uri)
    ls.live.retire(key)
    ls.editing.retire(uri)
    if not is_open(ls.documents, key):
        window, saved = ls.completion.windows.get(key), ls.completion.saved
        ls.completion.forget(key)
        ls.session.trees.forget(key)
        if window is not None:
            saved.start(save_place(key, window, saved))


def _look_again(ls: Server, uri: str) -> None:
    if (path := file_path(uri)) is not None:
        ls.folders.names.forget(path)
        ls.folders.elsewhere.reindex(path)
