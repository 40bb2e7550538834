"""Notebooks open, change and close; pygls has already applied the change to their cells."""

from __future__ import annotations

from lsprotocol import types

from leanwide.lsp.handlers import documents
from leanwide.lsp.session import Server


async def did_open(ls: Server, params: types.DidOpenNotebookDocumentParams) -> None:
    """Add every cell."""
    for cell in params.cell_text_documents:
        await documents.opened(ls, cell)


async def did_change(ls: Server, params: types.DidChangeNotebookDocumentParams) -> None:
    """Follow changes of cells, add new ones, and forget removed ones."""
    if (cells := params.change.cells) is None:
        return
    for text in cells.text_content or ():
        await documents.changed(ls, text.document.uri, text.changes)
    if cells.structure is None:
        return
    for removed in cells.structure.did_close or ():
        documents.closed(ls, removed.uri, params.notebook_document.uri)
    for new in cells.structure.did_open or ():
        await documents.opened(ls, new)


def did_close(ls: Server, params: types.DidCloseNotebookDocumentParams) -> None:
    """Forget the notebook with its cells."""
    for cell in params.cell_text_documents:
        documents.closed(ls, cell.uri, params.notebook_document.uri)
