"""Cells of one notebook, through the real server: they are completed as one document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from lsprotocol import types

from tests.e2e.session import Session, session

FIRST = "def area_of_circle(radius):\n    return 3.14159 * radius ** 2"
SECOND = "size = "
NOTEBOOK = "file:///project/notes.ipynb"
QUIET = {"completion": {"look_ahead": False}}


def cell(number: int) -> str:
    return f"vscode-notebook-cell:/project/notes.ipynb#W{number}sZmlsZQ%3D%3D"


def item(number: int, text: str, language: str = "python") -> types.TextDocumentItem:
    return types.TextDocumentItem(cell(number), language, 1, text)


def knows_notebooks(client: types.ClientCapabilities) -> None:
    synchronization = types.NotebookDocumentSyncClientCapabilities()
    client.notebook_document = types.NotebookDocumentClientCapabilities(synchronization)


def opened(*cells: types.TextDocumentItem) -> types.DidOpenNotebookDocumentParams:
    kinds = {"markdown": types.NotebookCellKind.Markup}
    listed = [
        types.NotebookCell(kinds.get(one.language_id, types.NotebookCellKind.Code), one.uri)
        for one in cells
    ]
    notebook = types.NotebookDocument(NOTEBOOK, "jupyter-notebook", 1, listed)
    return types.DidOpenNotebookDocumentParams(notebook, list(cells))


@asynccontextmanager
async def editor_with_notebooks() -> AsyncIterator[Session]:
    async with session(QUIET, more=knows_notebooks) as editor:
        yield editor


async def prompt_at(editor: Session, number: int, at: types.Position) -> str:
    await editor.complete_when_ready(cell(number), at)
    return str((await editor.last_request()).prompt)


@pytest.mark.parametrize("synced", ["as a notebook", "as documents"])
async def test_a_prompt_contains_the_definitions_of_other_cells(synced):
    cells = item(1, FIRST), item(2, "# About circles", "markdown"), item(3, SECOND)
    below = item(4, "print(size)")
    async with editor_with_notebooks() as editor:
        if synced == "as a notebook":
            editor.client.notebook_document_did_open(opened(*cells, below))
        else:
            for one in (*cells, below):
                editor.client.text_document_did_open(types.DidOpenTextDocumentParams(one))
        (completion,) = await editor.complete_when_ready(cell(3), types.Position(0, 7))
        prompt = (await editor.last_request()).prompt
        assert completion.range is not None
        assert completion.range.start == types.Position(0, 0)
        assert "def area_of_circle(radius):" in prompt
        assert "print(size)" in prompt
        assert "About circles" not in prompt


async def test_added_changed_and_removed_cells_are_followed():
    async with editor_with_notebooks() as editor:
        editor.client.notebook_document_did_open(opened(item(1, FIRST), item(2, SECOND)))
        await prompt_at(editor, 2, types.Position(0, 7))
        text = types.NotebookDocumentCellContentChanges(
            types.VersionedTextDocumentIdentifier(2, cell(1)),
            [types.TextDocumentContentChangeWholeDocument("def volume_of_cube(side): ...\n")],
        )
        change(editor, 2, types.NotebookDocumentCellChanges(text_content=[text]))
        prompt = await prompt_at(editor, 2, types.Position(0, 7))
        assert "volume_of_cube" in prompt
        assert "area_of_circle" not in prompt

        array = types.NotebookCellArrayChange(0, 1)
        gone = types.NotebookDocumentCellChangeStructure(
            array, did_close=[types.TextDocumentIdentifier(cell(1))]
        )
        change(editor, 3, types.NotebookDocumentCellChanges(structure=gone))
        assert "volume_of_cube" not in await prompt_at(editor, 2, types.Position(0, 7))


def change(editor: Session, version: int, cells: types.NotebookDocumentCellChanges) -> None:
    notebook = types.VersionedNotebookDocumentIdentifier(version, NOTEBOOK)
    event = types.NotebookDocumentChangeEvent(cells=cells)
    editor.client.notebook_document_did_change(
        types.DidChangeNotebookDocumentParams(notebook, event)
    )


async def test_typing_in_a_cell_evaluates_the_typed_tokens_only():
    async with editor_with_notebooks() as editor:
        editor.client.notebook_document_did_open(opened(item(1, FIRST), item(2, SECOND)))
        await prompt_at(editor, 2, types.Position(0, 7))
        text = types.NotebookDocumentCellContentChanges(
            types.VersionedTextDocumentIdentifier(2, cell(2)),
            [
                types.TextDocumentContentChangePartial(
                    types.Range(types.Position(0, 7), types.Position(0, 7)), "zz"
                )
            ],
        )
        change(editor, 2, types.NotebookDocumentCellChanges(text_content=[text]))
        await editor.complete(cell(2), types.Position(0, 9))
        record = await editor.last_request()
        assert record.source == "model"
        assert record.tokensEvaluated <= 4
