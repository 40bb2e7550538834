"""``leanwide/cursor``: the cursor rests at a place."""

from __future__ import annotations

from lsprotocol import types

from leanwide.features.completion.cursor_rest import cursor_rests
from leanwide.lsp import convert
from leanwide.lsp.notebooks import joined_view
from leanwide.lsp.session import Server


async def cursor(ls: Server, params: types.TextDocumentPositionParams) -> None:
    """Prefill what a suggestion at this place needs, while no request waits."""
    if ls.documents.opened(params.text_document.uri) is None:
        return
    view = convert.view_at(ls.documents, params.text_document.uri, params.position)
    if ls.serves(view.language_id):
        await cursor_rests(joined_view(ls.documents, view), ls.completion)
