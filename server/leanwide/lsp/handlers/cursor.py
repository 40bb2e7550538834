"""``leanwide/cursor``: the cursor has come to rest somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from leanwide.features.completion.cursor_rest import cursor_rests
from leanwide.lsp import convert
from leanwide.lsp.notebooks import joined

if TYPE_CHECKING:
    from leanwide.lsp.session import Server


async def cursor(ls: Server, params: types.TextDocumentPositionParams) -> None:
    """Read what a suggestion at this place will need, while nobody waits for anything."""
    if ls.documents.opened(params.text_document.uri) is None:
        return
    view = convert.view_at(ls.documents, params.text_document.uri, params.position)
    if ls.serves(view.language_id):
        await cursor_rests(joined(ls.documents, view), ls.completion)
