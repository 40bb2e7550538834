"""Code actions with the embedded model: what is offered where, and that it can be run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from lsprotocol import types

from tests.e2e.session import SOURCE, Session, session, unstructured
from tests.e2e.test_edits import modern
from tests.e2e.test_explain import CURSOR, METHOD, SHORT, explaining

EXPLAIN = "Explain with leanwide"
FIX = "Fix with leanwide"
REFACTOR = ["Simplify with leanwide", "Add type annotations with leanwide"]
DOCUMENT = "Document with leanwide"
TEST = "Write a test with leanwide"
WRONG = types.Diagnostic(METHOD, "it is wrong")


def literals(client: types.ClientCapabilities) -> None:
    """A client that knows code actions, and not bare commands only."""
    modern(client)
    kinds = types.ClientCodeActionKindOptions(value_set=[])
    support = types.ClientCodeActionLiteralOptions(code_action_kind=kinds)
    client.text_document = types.TextDocumentClientCapabilities(
        code_action=types.CodeActionClientCapabilities(code_action_literal_support=support)
    )


async def actions(
    editor: Session,
    uri: str,
    span: types.Range = METHOD,
    only: list[str] | None = None,
    found: Sequence[types.Diagnostic] = (),
) -> list[Any]:
    """Ask for code actions, as they are sent: lsprotocol takes a code action for a command."""
    context = types.CodeActionContext(diagnostics=found, only=only)
    params = types.CodeActionParams(types.TextDocumentIdentifier(uri), span, context)
    raw = unstructured(params)
    answer = await editor.send_raw(types.TEXT_DOCUMENT_CODE_ACTION, raw)
    return list(json.loads(json.dumps(answer, default=lambda item: item._asdict())))


def titles(offered: list[Any]) -> list[str]:
    return [action["title"] for action in offered]


@pytest.mark.parametrize("more", [literals, modern])
async def test_every_action_carries_a_command_that_runs(more):
    async with session(SHORT, more=more) as editor:
        uri = editor.open()

        def apply(_: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            return types.ApplyWorkspaceEditResult(applied=True)

        editor.client.feature(types.WORKSPACE_APPLY_EDIT)(apply)

        offered = await actions(editor, uri, CURSOR, found=(WRONG,))
        assert titles(offered) == [EXPLAIN, FIX, *REFACTOR, DOCUMENT, TEST]
        for action in offered:
            assert ("kind" in action) == (more is literals)
            command = action["command"] if more is literals else action
            answer = await editor.command(command["command"], *command["arguments"])
            assert answer.stats
            assert action["title"] == EXPLAIN or answer.applied == (answer.edit is not None)


@pytest.mark.parametrize(
    ("only", "offered"),
    [
        (None, [EXPLAIN, FIX, *REFACTOR, DOCUMENT, TEST]),
        (["source"], [EXPLAIN, TEST]),
        (["source.leanwide"], [EXPLAIN, TEST]),
        (["source.leanwide.explain"], [EXPLAIN]),
        (["refactor"], [*REFACTOR, DOCUMENT]),
        (["refactor.rewrite.leanwide.document"], [DOCUMENT]),
        (["quickfix"], [FIX]),
        (["source.organizeImports", "refactor.extract"], []),
    ],
)
async def test_an_action_is_offered_for_its_kind(only, offered):
    async with explaining() as (editor, uri):
        found = await actions(editor, uri, METHOD, only, (WRONG,))
        assert titles(found) == offered
        provider = editor.capabilities.code_action_provider
        assert isinstance(provider, types.CodeActionOptions)
        assert len(list(provider.code_action_kinds or ())) == 5


async def test_an_action_is_offered_where_it_makes_sense():
    async with explaining() as (editor, uri):
        line = types.Range(types.Position(0, 0), types.Position(1, 0))
        assert titles(await actions(editor, uri, line)) == [EXPLAIN, *REFACTOR]
        plain = editor.open("some words\n", "notes.txt", "plaintext")
        assert titles(await actions(editor, plain, line)) == [EXPLAIN, REFACTOR[0]]
        tests = editor.open(name="test_store.py")
        assert TEST not in titles(await actions(editor, tests))


async def test_a_blank_line_inside_a_definition_offers_no_instruction_about_it():
    async with explaining() as (editor, _):
        uri = editor.open("def f():\n    a = 1\n\n    return a\n", "blank.py")
        span = types.Range(types.Position(2, 0), types.Position(2, 0))
        assert titles(await actions(editor, uri, span)) == [EXPLAIN, DOCUMENT, TEST]


async def test_no_action_for_white_space_or_secrets_or_binary_files():
    async with explaining() as (editor, uri):
        blank = types.Range(types.Position(1, 0), types.Position(3, 0))
        assert await actions(editor, uri, blank) == []
        line = types.Range(types.Position(0, 0), types.Position(1, 0))
        secret = editor.open("KEY=1\n", ".env", "dotenv")
        assert await actions(editor, secret, line) == []
        binary = editor.open("a\0b\n", "data.bin", "plaintext")
        assert await actions(editor, binary, line) == []


BEYOND = {
    "the end of a line, as Neovim names it": types.Position(5, 2**31 - 1),
    "the line behind the last one": types.Position(SOURCE.count("\n") + 1, 0),
}


@pytest.mark.parametrize("end", BEYOND.values(), ids=BEYOND)
async def test_a_selection_beyond_an_end_ends_there(end):
    async with session(SHORT, more=literals) as editor:
        uri, span = editor.open(), types.Range(types.Position(4, 0), end)
        (action,) = [one for one in await actions(editor, uri, span) if one["title"] == EXPLAIN]
        command = action["command"]
        answer = await editor.command(command["command"], *command["arguments"])
        assert answer.stats.tokensGenerated > 0
