"""Cells of a notebook as one document: a cell uses what earlier cells define."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urldefrag

from attrs import evolve
from lsprotocol import types

from leanwide.context.view import Snapshot, View
from leanwide.files.exclusions import MAX_FILE_SIZE
from leanwide.lsp.documents import DocumentWorkspace, OpenDocument

SYNC: Final = types.NotebookDocumentSyncOptions(
    notebook_selector=[
        types.NotebookDocumentFilterWithNotebook(
            notebook="*", cells=[types.NotebookCellLanguage(language="*")]
        )
    ]
)
"""All cells of all notebooks."""
_CELL_SCHEMES: Final = ("vscode-notebook-cell:", "vscode-interactive:")
"""Schemes of cells' URIs in editors that do not say which notebook a document belongs to."""


def document_key(workspace: DocumentWorkspace, uri: str) -> str:
    """Return the URI of a document, or of the notebook where it is a cell."""
    notebook = workspace.get_notebook_document(cell_uri=uri)
    if notebook is not None:
        return notebook.uri
    return urldefrag(uri).url if uri.startswith(_CELL_SCHEMES) else uri


def joined(workspace: DocumentWorkspace, document: Snapshot) -> Snapshot:
    """Return a cell with the notebook's other cells of its language around it.

    A file is returned as it is. Of a notebook that is too large for a prompt, the cell stands
    alone. The result has the notebook's URI, so that moving to another cell moves in one document.
    """
    return _joined(workspace, document)[0]


def joined_view(workspace: DocumentWorkspace, view: View) -> View:
    """Return the same for a view, with the cursor at the same text."""
    document, above = _joined(workspace, view)
    if document is view:
        return view
    return evolve(document.at(above + view.line, view.column), deleting=view.deleting)


def _joined(workspace: DocumentWorkspace, document: Snapshot) -> tuple[Snapshot, int]:
    """Return a cell with the other cells around it, and the number of lines above it."""
    key = document_key(workspace, document.uri)
    if key == document.uri:
        return document, 0
    above: list[str] = []
    below: list[str] = []
    part = above
    for cell in _cells(workspace, key, document):
        if cell.uri == document.uri:
            part = below
        else:
            part += _with_blank_line(cell.lines)
    if sum(map(len, (*above, *below))) > MAX_FILE_SIZE:
        above, below = [], []
    own = _with_blank_line(document.lines) if below else document.lines
    notebook = Snapshot(
        uri=key,
        path=document.path,
        language_id=document.language_id,
        version=workspace.revision,
        lines=(*above, *own, *below),
    )
    return notebook, len(above)


def is_open(workspace: DocumentWorkspace, key: str) -> bool:
    """Whether any document with this key is open."""
    opened = workspace.text_documents.values()
    return any(document_key(workspace, document.uri) == key for document in opened)


def _cells(workspace: DocumentWorkspace, key: str, document: Snapshot) -> Iterator[OpenDocument]:
    """Yield the cells of a notebook in a cell's language, in the notebook's order."""
    notebook = workspace.get_notebook_document(cell_uri=document.uri)
    if notebook is not None:
        uris: Sequence[str] = [cell.document for cell in notebook.cells]
    else:  # in the order in which the editor opened them
        uris = [opened.uri for opened in workspace.text_documents.values()]
    for uri in uris:
        cell = workspace.opened(uri)
        if cell is None or (cell.language_id or "") != document.language_id:
            continue
        if notebook is not None or document_key(workspace, uri) == key:
            yield cell


def _with_blank_line(lines: Sequence[str]) -> Sequence[str]:
    """Return a cell's lines, followed by a blank line."""
    if not lines:
        return ()
    last = lines[-1]
    return (*lines[:-1], last if last.endswith(("\r", "\n")) else f"{last}\n", "\n")
