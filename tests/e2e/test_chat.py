"""Chat over LSP and in the shell with the embedded model: its words are never asserted."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import select
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.e2e.session import END, PROGRAM, Session, session

WAIT = 60.0
SHORT = {"modes": {"dialog": {"output_tokens": 24, "temperature": 0.0}}}
METHOD = {"start": {"line": 22, "character": 0}, "end": {"line": 24, "character": 0}}


def send(editor: Session, msg_id: str | None = None, **argument: Any) -> asyncio.Future[Any]:
    """Send a message and do not wait."""
    params = types.ExecuteCommandParams("leanwide.chat", [argument])
    return asyncio.wrap_future(
        editor.client.protocol.send_request(types.WORKSPACE_EXECUTE_COMMAND, params, msg_id=msg_id)
    )


async def say(editor: Session, message: str, **more: Any) -> Any:
    return await asyncio.wait_for(send(editor, message=message, **more), WAIT)


async def chats(editor: Session) -> list[Any]:
    return list(await editor.command("leanwide.chats"))


async def test_a_conversation_goes_on_streams_is_listed_and_ends():
    async with session(SHORT) as editor:
        uri = editor.open()
        first = await say(editor, "What is this?", uri=uri, range=METHOD, streamToken="one")
        parts = editor.parts["one"]
        assert parts[0] == {"text": "", "id": first["id"]}
        assert "".join(part["text"] for part in parts) == first["markdown"]
        assert (first["stats"]["mode"], first["stats"]["lane"]) == ("dialog", "wide")

        second = await say(editor, "Go on", id=first["id"])
        assert second["id"] == first["id"]
        assert second["stats"]["tokensReused"] > first["stats"]["tokensEvaluated"] / 2
        record = await editor.last_request()
        assert "def get" in record.prompt
        assert record.prompt.index("What is this?") < record.prompt.index("Go on")
        decision = (await editor.command("leanwide.why"))[-1]
        assert (decision.mode, decision.lane) == ("dialog", "wide")
        assert "chat: dialog" in decision.reason

        (listed,) = await chats(editor)
        assert (listed.id, listed.title, listed.turns) == (first["id"], "What is this?", 2)
        await editor.command("leanwide.endChat", {"id": first["id"]})
        assert await chats(editor) == []


async def test_a_message_about_a_whole_document_reads_no_secret():
    async with session(SHORT) as editor:
        await say(editor, "What is this?", uri=editor.open())
        assert "def save" in (await editor.last_request()).prompt
        secret = editor.open("KEY=1\n", ".env")
        answer = await say(editor, "What is this?", uri=secret)
        assert "never enters a prompt" in answer["markdown"]


async def refusal(asked: asyncio.Future[Any]) -> JsonRpcException:
    with pytest.raises(JsonRpcException) as caught:
        await asyncio.wait_for(asked, WAIT)
    return caught.value


async def test_a_pinned_mode_applies_until_it_is_released():
    async with session(SHORT) as editor:
        uri = editor.open()
        for mode, ran in (("think", "think"), ("code", "code"), ("auto", "dialog")):
            assert (await editor.command("leanwide.setMode", {"mode": mode})).mode == mode
            answer = await say(editor, "Tell me more", uri=uri, range=METHOD)
            assert answer["stats"]["mode"] == ran
        await editor.command("leanwide.setMode", {"mode": "think"})
        assert editor.statuses[-1].mode == "think"
        await editor.complete_when_ready(uri, END)
        record = await editor.last_request()
        assert (record.mode, record.lane) == ("think", "wide")
        assert "pinned" in (await editor.command("leanwide.why"))[-1].reason
        params = types.ExecuteCommandParams("leanwide.setMode", [{"mode": "fast"}])
        with pytest.raises(JsonRpcException, match='"auto", "code", "think", "dialog"'):
            await editor.client.workspace_execute_command_async(params)


async def test_a_trivial_question_costs_little():
    async with session(SHORT) as editor:
        assert (await say(editor, "What is a list?"))["stats"]["lane"] == "lean"
        hard = await say(editor, "Why is this slow?", uri=editor.open(), range=METHOD)
        assert (hard["stats"]["mode"], hard["stats"]["lane"]) == ("think", "wide")


async def test_bad_arguments_and_unknown_chats_are_refused_in_a_sentence():
    async with session(SHORT) as editor:
        uri = editor.open()
        for argument in (
            {},
            {"message": 1},
            {"message": "a", "range": METHOD},
            {"message": "a", "uri": uri, "range": 1},
            {"message": "a", "id": 1},
            {"message": "a", "streamToken": []},
        ):
            error = await refusal(send(editor, **argument))
            assert error.code == -32602
            assert "docs/protocol.md" in error.message
        error = await refusal(send(editor, message="a", id="no"))
        assert "there is no chat 'no'" in error.message
        params = types.ExecuteCommandParams("leanwide.endChat", [{"id": "no"}])
        with pytest.raises(JsonRpcException, match="there is no chat"):
            await editor.client.workspace_execute_command_async(params)
        assert await chats(editor) == []


async def test_a_new_chat_cancelled_before_any_text_is_forgotten():
    async with session(SHORT) as editor:
        await say(editor, "Hello?")
        async with editor.held_engine():
            asked = send(editor, "to-cancel", message="And?")
            await editor.status()
            editor.client.cancel_request(types.CancelParams(id="to-cancel"))
            assert (await refusal(asked)).code == types.LSPErrorCodes.RequestCancelled
        assert len(await chats(editor)) == 1


async def test_a_new_chat_whose_id_was_announced_goes_on_after_its_first_answer_was_cancelled():
    async with session(SHORT) as editor:
        await say(editor, "Hello?")
        async with editor.held_engine():
            asked = send(editor, "to-cancel", message="And?", streamToken="one")
            await editor.status()
            editor.client.cancel_request(types.CancelParams(id="to-cancel"))
            await refusal(asked)
        chat = editor.parts["one"][0]["id"]
        assert (await say(editor, "And now?", id=chat))["id"] == chat


async def test_a_newer_message_and_the_end_of_the_chat_cancel_an_answer():
    async with session(SHORT) as editor:
        chat = (await say(editor, "Hello?"))["id"]
        async with editor.held_engine():
            first = send(editor, message="One", id=chat)
            await editor.status()
            second = send(editor, message="Two", id=chat)
            assert (await refusal(first)).code == types.LSPErrorCodes.ServerCancelled
            await editor.command("leanwide.endChat", {"id": chat})
            assert (await refusal(second)).code == types.LSPErrorCodes.ServerCancelled


def shell(*arguments: str, said: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "chat", *arguments],
        check=False,
        input=said,
        capture_output=True,
        text=True,
        timeout=WAIT,
    )


def test_one_message_in_the_shell(tmp_path: Path):
    file = tmp_path / "a.py"
    file.write_text("def f():\n    return 1\n")
    answer = json.loads(shell("What is this?", "--about", str(file), "--json").stdout)
    assert answer["mode"] == "dialog"
    piped = shell("--about", f"{file}:1-2", said="What is this?")
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout.strip()
    assert shell("Hm?", "--about", "nowhere.py").returncode == 2


def test_a_conversation_in_a_terminal(tmp_path: Path):
    file = tmp_path / "a.py"
    file.write_text("def f():\n    return 1\n")
    master, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "dumb"}
    process = subprocess.Popen(
        [PROGRAM, "chat"], stdin=terminal, stdout=terminal, stderr=terminal, env=environment
    )
    os.close(terminal)
    try:
        assert "/help says" in shown_until(master, "> ")
        for line, expected in (
            ("/about nowhere.py", "nowhere.py"),
            (f"/about {file}", ""),
            ("What is this?", "What is this?"),
            ("/help", "/new"),
            ("/new", ""),
        ):
            os.write(master, f"{line}\n".encode())
            assert expected in shown_until(master, "> ")
        os.write(master, b"/quit\n")
        shown_until(master, None)
        assert process.wait(WAIT) == 0
    finally:
        process.kill()
        os.close(master)


def shown_until(terminal: int, prompt: str | None) -> str:
    """What a terminal shows until it ends in a prompt; without one, until it is closed."""
    shown, end = "", time.monotonic() + WAIT
    while time.monotonic() < end and not (prompt and shown.endswith(f"\n{prompt}")):
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part.decode("utf-8", "replace")
    return shown
