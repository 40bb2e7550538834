"""Documents come, change and go; pygls has already applied the change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from leanwide.features.gate import why_left_alone
from leanwide.lsp import convert
from leanwide.lsp.uris import file_path

if TYPE_CHECKING:
    from leanwide.server import Server


async def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Load the model as soon as there is something to complete, and parse the document."""
    document = params.text_document
    view = convert.view_at(ls.documents, document.uri, types.Position(0, 0))
    ls.elsewhere.look_again(view.path)
    if not ls.serves(document.language_id):
        return
    ls.bench.engine.start()
    # In a thread, because this reads the ignore files that later requests find read.
    reason = await asyncio.to_thread(why_left_alone, view, ls.bench.manners.exclusions)
    if reason is None:
        await ls.bench.trees.at(view)


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Retire what runs for the document and needs its text: an explanation goes on."""
    uri = params.text_document.uri
    ls.live.retire(uri)
    ls.editing.retire(uri)
    ls.elsewhere.somebody_types()
    document = ls.documents.opened(uri)
    if document is None:
        return
    # Change by change: places that are far apart would make one change of all that is between.
    ls.bench.trees.follow(convert.view_at(ls.documents, uri, types.Position(0, 0)))
    if not document.path:
        return
    for change in params.content_changes[-1:]:
        if isinstance(change, types.TextDocumentContentChangePartial):
            line = change.range.start.line + change.text.count("\n")
            ls.elsewhere.note_edit(document.path, line, document.lines)


def did_save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    """Look at the file's definitions as they are now."""
    _look_again(ls, params.text_document.uri)


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Retire the document's running request and forget the document."""
    uri = params.text_document.uri
    _look_again(ls, uri)
    ls.live.retire(uri)
    ls.editing.retire(uri)
    ls.bench.forget(uri)


def _look_again(ls: Server, uri: str) -> None:
    if (path := file_path(uri)) is not None:
        ls.elsewhere.look_again(path)
