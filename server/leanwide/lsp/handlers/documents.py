"""Documents open, change, are saved and close; pygls has already applied the change."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from leanwide.features.completion.saved_places import save_place
from leanwide.features.exclusion import exclusion_reason
from leanwide.lsp import convert
from leanwide.lsp.folders import Folders
from leanwide.lsp.handlers.workspace import follow_rules
from leanwide.lsp.notebooks import document_key, is_open, joined
from leanwide.lsp.requests import RequestKind
from leanwide.lsp.session import Server
from leanwide.lsp.uris import file_path


async def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Load the model as soon as there is something to complete, and parse the document."""
    await opened(ls, params.text_document)


async def opened(ls: Server, document: types.TextDocumentItem) -> None:
    """Add a file or a cell of a notebook."""
    snapshot = convert.snapshot(ls.documents, document.uri)
    ls.next_edits.opened(snapshot)
    ls.folders.workspace.reindex(snapshot.path)
    ls.folders.names.forget(snapshot.path)
    if not ls.serves(document.language_id):
        return
    ls.session.backend.engine.start()
    if await exclusion_reason(snapshot, ls.folders.names) is None:
        await ls.session.trees.at(joined(ls.documents, snapshot))


async def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Cancel the document's completion and edit, which need its text; an explanation goes on."""
    await changed(ls, params.text_document.uri, params.content_changes)


async def changed(
    ls: Server, uri: str, changes: Sequence[types.TextDocumentContentChangeEvent]
) -> None:
    """Follow the changes of a file or of a cell of a notebook."""
    key = document_key(ls.documents, uri)
    ls.live.cancel(RequestKind.COMPLETION, key)
    ls.completion.document_changed(key)
    ls.live.cancel(RequestKind.EDIT, uri)
    ls.live.cancel(RequestKind.NEXT_EDIT, "")
    ls.attempts.forget(uri)
    ls.folders.workspace.pause_indexing()
    document = ls.documents.opened(uri)
    if document is None:
        return
    # For each change: distant places of several changes would span all of the text in between.
    snapshot = convert.snapshot(ls.documents, uri)
    ls.next_edits.changed(snapshot)
    ls.session.trees.follow(joined(ls.documents, snapshot))
    last = changes[-1] if changes else None
    if document.path and isinstance(last, types.TextDocumentContentChangePartial):
        line = last.range.start.line + last.text.count("\n")
        judged = await ls.folders.names.judge(document.path)  # waits only just after the opening
        ls.folders.workspace.note_edit(judged, line, snapshot.lines)


async def did_save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    """Index the file again, and follow it where it is an ignore file or a settings file."""
    uri = params.text_document.uri
    _reindex(ls.folders, uri)
    if (path := file_path(uri)) is not None:
        await follow_rules(ls, [path])


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Cancel the document's requests and forget the document."""
    uri = params.text_document.uri
    closed(ls, uri, document_key(ls.documents, uri))


def closed(ls: Server, uri: str, key: str) -> None:
    """Forget a file, or a cell of a notebook; with its last cell the notebook ``key``."""
    _reindex(ls.folders, uri)
    ls.acceptance.document_closed(uri)
    ls.live.cancel(RequestKind.COMPLETION, key)
    ls.live.cancel(RequestKind.EDIT, uri)
    ls.attempts.forget(uri)
    ls.next_edits.closed(uri)
    ls.session.trees.forget(uri)
    if not is_open(ls.documents, key):
        window, saved = ls.completion.windows.get(key), ls.completion.saved
        ls.completion.forget(key)
        ls.session.trees.forget(key)
        if window is not None:
            saved.start(save_place(key, window, saved))


def _reindex(folders: Folders, uri: str) -> None:
    """Index a file again, and judge its name again."""
    if (path := file_path(uri)) is not None:
        folders.names.forget(path)
        folders.workspace.reindex(path)
