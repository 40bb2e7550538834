"""The next edit, as an editor asks for it, with the embedded model."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from tests.e2e.session import END, Session, session

AREA = """\
def area(size, count):
    total = size * count
    return total + size
"""
CALLS = """\
first = fetch(1)
second = fetch(2)
"""
"""Whether an argument that the first call gets belongs to the second one, too, is to be judged."""
OWN, COPILOT = "leanwide/nextEdit", "textDocument/copilotInlineEdit"


def span(line: int, start: int, end: int) -> types.Range:
    return types.Range(types.Position(line, start), types.Position(line, end))


async def ask(
    editor: Session, uri: str, at: types.Position, method: str = OWN, version: int | None = None
) -> list[Any]:
    """Ask for the next edit of a document, at its version or another one."""
    document = {"uri": uri, "version": version or editor.versions[uri]}
    position = {"line": at.line, "character": at.character}
    params = {"textDocument": document, "position": position, "context": {"triggerKind": 2}}
    return list((await editor.send_raw(method, params)).edits)


def apply(editor: Session, edit: Any) -> None:
    """Make an edit as the editor does."""
    start, end = edit.range.start, edit.range.end
    at = types.Range(
        types.Position(start.line, start.character), types.Position(end.line, end.character)
    )
    editor.change(edit.textDocument.uri, at, edit.text)


async def run_command(editor: Session, command: Any) -> None:
    """Run the command of an edit, as the editor does."""
    await editor.command(command.command, *[argument._asdict() for argument in command.arguments])


async def loaded(editor: Session, uri: str) -> None:
    """Wait until the model is loaded."""
    await editor.complete_when_ready(uri, END)


async def test_a_renamed_parameter_is_carried_through_its_function():
    async with session() as editor:
        uri = editor.open(AREA)
        editor.change(uri, span(0, 9, 13), "length")
        at = types.Position(0, 15)
        for _ in range(2):
            (edit,) = await ask(editor, uri, at)
            assert (edit.text, edit.kind, edit.reason) == (
                "length",
                "rename",
                "`size` is now `length`",
            )
            assert edit.textDocument == (uri, editor.versions[uri])
            apply(editor, edit)
            await run_command(editor, edit.command)
            at = types.Position(edit.range.start.line, edit.range.start.character + 6)
        assert await ask(editor, uri, at) == []
        status = await editor.status()
        assert (status.nextEdits.proposed, status.nextEdits.accepted) == (2, 2)


async def test_copilots_request_has_the_same_edits():
    async with session() as editor:
        assert editor.capabilities.experimental == {"leanwide": {"nextEdit": True}}
        uri = editor.open(AREA)
        editor.change(uri, span(0, 9, 13), "length")
        (own,) = await ask(editor, uri, types.Position(0, 15))
        (copilot,) = await ask(editor, uri, types.Position(0, 15), COPILOT)
        assert (copilot.text, copilot.range) == (own.text, own.range)
        assert copilot.textDocument == own.textDocument
        assert copilot.command.command == own.command.command


@pytest.mark.parametrize("encoding", list(types.PositionEncodingKind))
async def test_positions_count_in_the_units_of_the_client(encoding: types.PositionEncodingKind):
    emoji = {"utf-8": 4, "utf-16": 2, "utf-32": 1}[encoding.value]
    async with session(encoding=encoding) as editor:
        uri = editor.open(AREA.replace("total + size", '"🎉" + str(size)'))
        editor.change(uri, span(0, 9, 13), "length")
        editor.change(uri, span(1, 12, 16), "length")
        (edit,) = await ask(editor, uri, types.Position(1, 18))
        start = len('    return "" + str(') + emoji
        assert (edit.range.start.character, edit.range.end.character) == (start, start + 4)


async def test_line_endings_are_the_documents():
    async with session() as editor:
        uri = editor.open(AREA.replace("\n", "\r\n"))
        editor.change(uri, span(0, 9, 13), "length")
        (edit,) = await ask(editor, uri, types.Position(0, 15))
        assert edit.text == "length"
        assert edit.range.start.line == 1


async def test_an_outdated_request_gets_no_edits():
    async with session() as editor:
        uri = editor.open(AREA)
        editor.change(uri, span(0, 9, 13), "length")
        assert await ask(editor, uri, types.Position(0, 15), version=1) == []
        assert len(await ask(editor, uri, types.Position(0, 15))) == 1


async def test_a_rejected_edit_is_not_proposed_again():
    async with session() as editor:
        uri = editor.open(AREA)
        editor.change(uri, span(0, 9, 13), "length")
        (first,) = await ask(editor, uri, types.Position(0, 15))
        await editor.command("leanwide.nextEditRejected", {"id": first.command.arguments[0].id})
        (second,) = await ask(editor, uri, types.Position(0, 15))
        assert second.range != first.range
        await editor.command("leanwide.nextEditRejected", {"id": second.command.arguments[0].id})
        assert await ask(editor, uri, types.Position(0, 15)) == []


async def test_shown_edits_are_counted():
    async with session() as editor:
        uri = editor.open(AREA)
        editor.change(uri, span(0, 9, 13), "length")
        (edit,) = await ask(editor, uri, types.Position(0, 15))
        command = {
            "title": "",
            "command": edit.command.command,
            "arguments": [{"id": edit.command.arguments[0].id}],
        }
        editor.client.protocol.notify(
            "textDocument/didShowInlineEdit", {"item": {"command": command}}
        )
        assert (await editor.status()).nextEdits.shown == 1


async def test_the_session_can_switch_it_off():
    async with session() as editor:
        uri = editor.open(AREA)
        answer = await editor.command("leanwide.setNextEdit", {"enabled": False})
        assert answer.enabled is False
        editor.change(uri, span(0, 9, 13), "length")
        assert await ask(editor, uri, types.Position(0, 15)) == []


@pytest.mark.parametrize(
    "options", [{"next_edit": {"enabled": False}}, {"languages": {"off": ["python"]}}]
)
async def test_settings_switch_it_off(options: dict[str, Any]):
    async with session(options) as editor:
        uri = editor.open(AREA)
        editor.change(uri, span(0, 9, 13), "length")
        assert await ask(editor, uri, types.Position(0, 15)) == []


async def test_edits_in_an_excluded_file_lead_to_nothing(tmp_path: Path):
    tmp_path.joinpath(".leanwideignore").write_text("private/\n", "utf-8")
    async with session(folders=[tmp_path]) as editor:
        uri = editor.open_at((tmp_path / "private" / "area.py").as_uri(), AREA)
        editor.change(uri, span(0, 9, 13), "length")
        assert await ask(editor, uri, types.Position(0, 15)) == []
        other = editor.open_at((tmp_path / "area.py").as_uri(), AREA)
        assert await ask(editor, other, types.Position(0, 15)) == []


async def test_malformed_parameters_and_unknown_documents_are_refused():
    async with session() as editor:
        uri = editor.open(AREA)
        position = {"line": 0, "character": 0}
        document = {"uri": uri, "version": 1}
        for params in (
            None,
            {},
            {"textDocument": {"uri": uri}, "position": position},
            {"textDocument": document, "position": {"line": [], "character": 0}},
            {"textDocument": document, "position": {"line": 99, "character": 0}},
            {"textDocument": {"uri": "file:///none.py", "version": 1}, "position": position},
        ):
            with pytest.raises(JsonRpcInvalidParams):
                await editor.send_raw(OWN, params)
        with pytest.raises(JsonRpcException, match=r'one object \{"id"\}'):
            await editor.command("leanwide.nextEditAccepted", {"id": 3})
        assert await ask(editor, uri, types.Position(0, 0)) == []


async def test_a_judged_edit_costs_no_prompt_of_a_completion():
    async with session() as editor:
        uri = editor.open()
        await loaded(editor, uri)
        at = editor.insert(uri, END, "value = self.")
        await editor.complete(uri, at)
        other = editor.open(CALLS, "other.py")
        editor.change(other, span(0, 15, 15), ", None")
        await ask(editor, other, types.Position(0, 21))
        judged = (await editor.records())[-1]
        assert judged.source == "judged"
        assert judged.tokensEvaluated > 0
        for key in "zqxjk":  # nothing that the model expects, so that every key is a new question
            at = editor.insert(uri, at, key)
            await editor.complete(uri, at)
            assert (await editor.last_request()).tokensEvaluated <= 8


async def test_a_key_cancels_a_judgement_and_both_requests_are_answered():
    async with session() as editor:
        uri = editor.open()
        await loaded(editor, uri)
        other = editor.open(CALLS, "other.py")
        editor.change(other, span(0, 15, 15), ", None")
        async with editor.held_engine():
            asked = asyncio.create_task(ask(editor, other, types.Position(0, 21)))
            await asyncio.sleep(0.1)
            editor.change(other, span(1, 0, 0), " ")
            assert await asyncio.wait_for(asked, 10) == []
