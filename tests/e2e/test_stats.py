"""What is shown, accepted and kept: counted by servers of several windows, shown by the program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from tests.e2e.session import END, Session, session
from tests.e2e.test_answers import QUIET, scripted
from tests.e2e.test_edits import GET, fenced, run
from tests.e2e.test_edits import scripted as editing
from tests.e2e.test_program import run as program

CODE = "def area(width, height):\n    return \n"
AT = types.Position(1, 11)
SAYS = "width * height"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch) -> Path:
    """A folder of state without counts."""
    folder = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


def counts(*arguments: str) -> list[dict[str, Any]]:
    """What the program shows."""
    result = program("stats", "--json", *arguments)
    assert result.returncode == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)["counts"]
    return found


def row(kind: str, mode: str, numbers: tuple[int, int, int | None]) -> dict[str, Any]:
    shown, accepted, kept = numbers
    about = {"kind": kind, "language": "python", "mode": mode}
    return {**about, "shown": shown, "accepted": accepted, "kept": kept}


async def suggestion(editor: Session, uri: str, at: types.Position = AT) -> types.Command:
    (item,) = await editor.complete(uri, at)
    assert item.command is not None
    return item.command


async def accept(editor: Session, uri: str) -> None:
    """Take a suggestion, as an editor does with one key."""
    command = await suggestion(editor, uri)
    editor.insert(uri, AT, SAYS)
    await editor.command(command.command, *(command.arguments or []))


async def test_counts_hold_numbers_by_day_language_and_mode_and_nothing_else(state: Path):
    async with scripted([SAYS]) as editor:
        uri = editor.open(CODE, "area_of_a_secret.py")
        await accept(editor, uri)
        editor.close(uri)
    file = state / "leanwide" / "acceptance" / "counts.json"
    (day,) = json.loads(file.read_text())
    assert set(day) == {"day", "counts"}
    assert day["counts"] == counts() == [row("suggestion", "code", (1, 1, 1))]
    assert file.stat().st_mode & 0o777 == 0o600


async def test_what_is_typed_through_is_not_shown_again_and_each_window_adds_its_own():
    async with scripted([SAYS]) as one, scripted([SAYS], ["0"]) as other:
        uri = one.open(CODE, "a.py")
        at = AT
        for key in ("", *"width"):
            at = one.insert(uri, at, key) if key else at
            await suggestion(one, uri, at)
        await accept(other, other.open(CODE, "a.py"))
        (shown,) = (await other.command("leanwide.stats")).counts
        assert (shown.shown, shown.accepted) == (1, 1)
    assert counts() == [row("suggestion", "code", (2, 1, 1))]


async def test_what_is_deleted_before_the_document_closes_is_not_kept():
    async with scripted([SAYS]) as editor:
        uri = editor.open(CODE, "a.py")
        await accept(editor, uri)
        end = types.Position(AT.line, AT.character + len(SAYS))
        editor.change(uri, types.Range(AT, end), "None")
        editor.close(uri)
    assert counts() == [row("suggestion", "code", (1, 1, 0))]


async def test_a_client_that_drops_the_arguments_of_a_command_accepts_the_newest_suggestion():
    async with scripted([SAYS]) as editor:
        uri = editor.open(CODE, "a.py")
        await suggestion(editor, uri)
        await editor.command("leanwide.accepted")
        editor.insert(uri, AT, SAYS)
        editor.close(uri)
    assert counts() == [row("suggestion", "code", (1, 1, 1))]


async def test_edits_count_where_the_client_tells():
    async with editing(fenced(GET), fenced(GET)) as (editor, uri):
        answer = await run(editor, uri)
        assert editor.versions[uri] == 1
        await editor.command("leanwide.accepted", {"id": answer["attempt"]})
        await run(editor, uri)
    assert counts() == [row("edit", "think", (2, 1, None))]


async def test_an_edit_that_the_client_applies_for_the_server_is_accepted():
    async with editing(fenced(GET)) as (editor, uri):

        def apply(_: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            return types.ApplyWorkspaceEditResult(applied=True)

        editor.client.feature(types.WORKSPACE_APPLY_EDIT)(apply)
        await run(editor, uri, apply=True)
    assert counts() == [row("edit", "think", (1, 1, None))]


async def test_a_user_who_wants_no_counts_gets_none(state: Path):
    async with session({**QUIET, "statistics": {"keep": False}}) as editor:
        uri = editor.open()
        (item,) = await editor.complete_when_ready(uri, END)
        assert item.command is not None
        await editor.command(item.command.command, *(item.command.arguments or []))
        answer = await editor.command("leanwide.stats")
        assert (answer.keeping, answer.counts) == (False, [])
        assert (await editor.status()).accepted == 1  # of this session, in memory
    assert not (state / "leanwide" / "acceptance").exists()


async def test_a_workspace_cannot_switch_counting_off_or_on(tmp_path: Path):
    (tmp_path / ".leanwide.toml").write_text("[statistics]\nkeep = false\n")
    async with session(root=tmp_path) as editor:
        assert (await editor.command("leanwide.stats")).keeping is True
        assert "statistics" in editor.client.messages[-1].message


async def test_the_program_shows_a_table_and_deletes_the_counts():
    assert "nothing was counted" in program("stats").stdout
    async with scripted([SAYS]) as editor:
        await accept(editor, editor.open(CODE, "a.py"))
    title, _, line = program("stats").stdout.splitlines()
    assert title.strip() == "the last 30 days"
    assert line.split() == ["python", "suggestion", "code", "1", "1", "(100%)", "1", "(100%)"]
    assert counts("--reset") == []
    assert "nothing was counted" in program("stats").stdout
