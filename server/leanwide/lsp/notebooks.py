"""Cells of a notebook seen as one document: what one cell defines, the next one uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urldefrag

from attrs import evolve
from lsprotocol import types
from pygls.workspace import TextDocument

from leanwide.context.view import View
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
_SCHEMES: Final = ("vscode-notebook-cell:", "vscode-interactive:")
"""How editors name cells where they do not say which notebook a document belongs to."""


def document_key(workspace: DocumentWorkspace, uri: str) -> str:
    """Return the URI that stands for a document: a cell's is that of its notebook."""
    notebook = workspace.get_notebook_document(cell_uri=uri)
    if notebook is not None:
        return notebook.uri
    return urldefrag(uri).url if uri.startswith(_SCHEMES) else uri


def joined(workspace: DocumentWorkspace, view: View) -> View:
    """Put the cells of the same language around a view of one.

    A file's view stays as it is, and so does a cell's where all together are too large for a
    prompt. The result's URI is the notebook's, so that moving to another cell is a move in one
    document.
    """
    key = document_key(workspace, view.uri)
    if key == view.uri:
        return view
    above: list[str] = []
    below: list[str] = []
    part = above
    for cell in _cells(workspace, key, view):
        if cell.uri == view.uri:
            part = below
        else:
            part += _ended(cell.lines)
    if sum(map(len, (*above, *below))) > MAX_FILE_SIZE:
        return view
    own = _ended(view.lines) if below else view.lines
    return evolve(
        view,
        uri=key,
        version=workspace.revision,
        lines=(*above, *own, *below),
        line=len(above) + view.line,
    )


def is_open(workspace: DocumentWorkspace, key: str) -> bool:
    """Whether any document with this key is open."""
    return any(document_key(workspace, one.uri) == key for one in _opened(workspace))


def _opened(workspace: DocumentWorkspace) -> Sequence[TextDocument]:
    return tuple(workspace.text_documents.values())


def _cells(workspace: DocumentWorkspace, key: str, view: View) -> Iterator[OpenDocument]:
    """The cells of a notebook in a view's language, in the notebook's order."""
    notebook = workspace.get_notebook_document(cell_uri=view.uri)
    if notebook is not None:
        uris: Sequence[str] = [cell.document for cell in notebook.cells]
    else:  # as the editor opened them
        uris = [one.uri for one in _opened(workspace)]
    for uri in uris:
        cell = workspace.opened(uri)
        if cell is None or (cell.language_id or "") != view.language_id:
            continue
        if notebook is not None or document_key(workspace, uri) == key:
            yield cell


def _ended(lines: Sequence[str]) -> Sequence[str]:
    """A cell's lines with a blank line behind them."""
    if not lines:
        return ()
    last = lines[-1]
    return (*lines[:-1], last if last.endswith(("\r", "\n")) else f"{last}\n", "\n")
