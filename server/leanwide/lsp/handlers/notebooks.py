"""Notebooks come, change and go; pygls has already applied the change to their cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from leanwide.lsp.handlers import documents

if TYPE_CHECKING:
    from leanwide.lsp.session import Server


async def did_open(ls: Server, params: types.DidOpenNotebookDocumentParams) -> None:
    """Take over every cell."""
    for cell in params.cell_text_documents:
        await documents.opened(ls, cell)


async def did_change(ls: Server, params: types.DidChangeNotebookDocumentParams) -> None:
    """Follow changes of cells, take over new ones, and forget those that are gone."""
    if (cells := params.change.cells) is None:
        return
    for text in cells.text_content or ():
        await documents.changed(ls, text.document.uri, text.changes)
    if cells.structure is None:
        return
    for gone in cells.structure.did_close or ():
        documents.closed(ls, gone.uri, params.notebook_document.uri)
    for new in cells.structure.did_open or ():
        await documents.opened(ls, new)


def did_close(ls: Server, params: types.DidCloseNotebookDocumentParams) -> None:
    """Forget the notebook with its cells."""
    for cell in params.cell_text_documents:
        documents.closed(ls, cell.uri, params.notebook_document.uri)
