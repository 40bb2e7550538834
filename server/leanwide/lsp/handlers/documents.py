"""Documents come, change and go; pygls has already applied the change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from leanwide.lsp import convert

if TYPE_CHECKING:
    from leanwide.server import Server


async def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Load the model as soon as there is something to complete, and parse the document."""
    document = params.text_document
    if ls.serves(document.language_id):
        ls.bench.engine.start()
        start = types.Position(0, 0)
        await ls.bench.trees.at(convert.view_at(ls.documents, document.uri, start))


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Retire what runs for the document and needs its text: an explanation goes on."""
    ls.live.retire(params.text_document.uri)
    ls.editing.retire(params.text_document.uri)


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Retire the document's running request and forget the document."""
    ls.live.retire(params.text_document.uri)
    ls.editing.retire(params.text_document.uri)
    ls.bench.forget(params.text_document.uri)
