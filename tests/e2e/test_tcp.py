"""A server on a port: everybody who brings the token has a session, and nobody else anything."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import signal
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from leanwide.lsp.admission import frame
from tests.e2e.peer import TOKEN, WITHIN, Peer, listening, scripted
from tests.e2e.scripted_server import HOLD
from tests.e2e.session import PROGRAM

URI = "file:///project/store.py"
CODE = "def load(path):\n    "
INVALID = -32600
QUIET: dict[str, Any] = {"completion": {"look_ahead": False}}
"""Settings of a session that asks the engine for nothing but what the test does."""


async def until(condition: Any) -> None:
    """Wait for what comes sooner or later."""
    async with asyncio.timeout(WITHIN):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_second_client_sees_nothing_of_the_first(tmp_path: Path):
    secret = "def first_ones_secret():\n    "
    async with scripted(tmp_path, ["return 1"], ["an answer"], ["return 2"]) as server:
        first, second = await server.session(**QUIET), await server.session(**QUIET)
        first.open(URI, secret)
        assert await first.complete(URI, 1, 4) == ["return 1"]
        await first.command("leanwide.chat", {"message": "Who am I?", "uri": URI})
        await first.command("leanwide.setMode", {"mode": "think"})
        assert "first_ones_secret" in str(await first.command("leanwide.lastRequest"))

        assert await second.command("leanwide.lastRequest") == []
        assert await second.command("leanwide.why") == []
        assert await second.command("leanwide.chats") == []
        assert (await second.command("leanwide.status"))["pinned"] is None
        answer = await second.answer(second.ask_completion(URI, 1, 4))
        assert "not open" in answer["error"]["message"]
        second.open(URI, CODE)
        assert await second.complete(URI, 1, 4) == ["return 2"]
        seen = str(await second.command("leanwide.lastRequest")) + str(second.notes)
        assert "def load" in seen
        assert "first_ones_secret" not in seen
        assert len(await first.command("leanwide.chats")) == 1


def post(port: int, body: bytes) -> None:
    """Do what a browser does for a web page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN)
    with contextlib.closing(connection):
        connection.request("POST", "/", body, {"Content-Type": "text/plain"})
        connection.getresponse()


async def test_unauthenticated_connections_leave_the_server_unchanged(tmp_path: Path):
    params = {"capabilities": {}, "initializationOptions": {"token": TOKEN}}
    body = frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
    async with scripted(tmp_path, ["return path"]) as server:
        for _ in range(50):
            await (await server.connect()).leave()
        half = await server.connect()
        half.writer.write(b"Content-Length: 20\r\n\r\n{")
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            await asyncio.to_thread(post, server.port, body)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", server.port, ssl=True)
        stranger = await server.connect()
        assert (await stranger.initialize("guess"))["error"]["code"] == INVALID
        assert await stranger.rest() == b""

        editor = await server.session()
        editor.open(URI, CODE)
        assert await editor.complete(URI, 1, 4) == ["return path"]


async def test_a_client_that_never_reads_takes_bounded_memory_and_blocks_no_other(tmp_path: Path):
    long = "".join(f"value_{number} = {number}\n" for number in range(200))
    async with scripted(tmp_path) as server:
        deaf, other = await server.session(), await server.session(**QUIET)
        deaf.open(URI, long)
        for line in range(12):
            await deaf.complete(URI, line, 0)
        answer = await deaf.command("leanwide.lastRequest")
        assert 20_000 * len(json.dumps(answer)) > 200 << 20
        before = server.resident_bytes
        assert isinstance(deaf.writer.transport, asyncio.Transport)
        deaf.writer.transport.pause_reading()
        with contextlib.suppress(ConnectionError):
            for _ in range(20_000):
                deaf.ask("workspace/executeCommand", {"command": "leanwide.lastRequest"})
                await deaf.writer.drain()
        other.open(URI, CODE)
        assert await other.complete(URI, 1, 4) == []
        assert server.resident_bytes - before < 100 << 20


async def test_a_closed_connection_cancels_its_own_work_only(tmp_path: Path):
    async with scripted(tmp_path, *[["return", HOLD, " path"]] * 2) as server:
        first, second = await server.session(**QUIET), await server.session(**QUIET)
        first.open(URI, CODE)
        first.ask_completion(URI, 1, 4)
        second.open(URI, CODE)
        number = second.ask_completion(URI, 1, 4)
        await second.command("leanwide.status")
        first.writer.transport.abort()
        (tmp_path / "go").touch()
        items = (await second.answer(number))["result"]["items"]
        assert [item["insertText"] for item in items] == ["return path"]


async def test_shutdown_and_exit_end_one_session(tmp_path: Path):
    async with scripted(tmp_path, ["return path"]) as server:
        first, second = await server.session(), await server.session()
        assert (await first.request("shutdown"))["result"] is None
        first.send("exit")
        assert await first.rest() == b""
        second.send("exit")
        await second.rest()
        third = await server.session()
        third.open(URI, CODE)
        assert await third.complete(URI, 1, 4) == ["return path"]


async def test_ended_sessions_leave_no_file_or_thread(tmp_path: Path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project/store.py").write_text(CODE)
    async with scripted(tmp_path) as server:

        async def visit(number: int) -> None:
            peer = await server.session(root=tmp_path / "project")
            peer.open(URI, CODE)
            await peer.complete(URI, 1, 4)
            await peer.command("leanwide.status")
            if number % 2:
                await peer.request("shutdown")
                peer.send("exit")
            await peer.leave()

        for number in range(15):
            await visit(number)
        await asyncio.sleep(0.2)
        files, threads = server.open_files, server.threads
        for number in range(20):
            await visit(number)
        await until(lambda: server.open_files <= files)
        # The loop's own pool may grow by a thread or two yet; sessions would leave twenty.
        assert server.threads < threads + 10


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_every_session_and_the_server(tmp_path: Path, number: signal.Signals):
    async with scripted(tmp_path, [HOLD]) as server:
        busy, idle, stranger = (
            await server.session(),
            await server.session(),
            await server.connect(),
        )
        busy.open(URI, CODE)
        busy.ask_completion(URI, 1, 4)
        await busy.command("leanwide.status")
        server.process.send_signal(number)
        assert await asyncio.wait_for(server.process.wait(), WITHIN) == 128 + number
        assert await idle.rest() == b""
        assert await stranger.rest() == b""


async def test_a_session_cannot_change_the_engine_of_all(tmp_path: Path):
    settings: dict[str, Any] = {
        "model": {"path": "/other.gguf"},
        "machine": {"residency": "single", "adapt": False},
        "languages": {"off": ["python"]},
    }
    async with scripted(tmp_path, ["return path"]) as server:
        first, second = await server.session(**settings), await server.session(**QUIET)
        first.open(URI, CODE)
        assert await first.complete(URI, 1, 4) == []  # its own wish, and nobody else's
        shown = [note for note in first.notes if note["method"] == "window/showMessage"]
        assert len(shown) == 1
        assert "model, machine.residency: all sessions share" in shown[0]["params"]["message"]
        second.open(URI, CODE)
        assert await second.complete(URI, 1, 4) == ["return path"]


async def test_two_sessions_complete_over_one_engine_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with listening((PROGRAM, "serve", "--tcp", "127.0.0.1:0")) as server:
        assert server.token_file.parent == tmp_path / "leanwide"
        assert server.token_file.stat().st_mode & 0o777 == 0o600
        token = server.token_file.read_text().strip()
        assert token not in Path(f"/proc/{server.process.pid}/cmdline").read_text()
        assert server.children == []
        peers = [await server.session(token) for _ in range(2)]
        for peer in peers:
            peer.open(URI, CODE)
        for peer in peers:
            assert await _first_suggestion(peer)
        assert len(server.children) == 1
        await peers[0].request("shutdown")
        peers[0].send("exit")
        await peers[0].rest()
        assert len(server.children) == 1
        peers[1].open("file:///project/other.py", "import os\n\ndef size(path):\n    return os.")
        assert await _first_suggestion(peers[1], "file:///project/other.py", 3, 14)
        engine = int(server.children[0])
        server.process.terminate()
        await asyncio.wait_for(server.process.wait(), WITHIN)
        await until(lambda: not Path(f"/proc/{engine}").exists())
        assert not server.token_file.exists()


async def _first_suggestion(
    peer: Peer, uri: str = URI, line: int = 1, character: int = 4
) -> list[str]:
    async with asyncio.timeout(WITHIN):
        while not (items := await peer.complete(uri, line, character)):
            await asyncio.sleep(0.05)
    return items


def serve(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program where it refuses to."""
    command = (PROGRAM, "serve", *arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=WITHIN, check=False)


def test_an_address_that_cannot_be_served_gives_one_line():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        said = {
            "in use": serve("--tcp", taken),
            "--allow-remote": serve("--tcp", "0.0.0.0:0"),
            "go with --tcp": serve("--allow-remote"),
        }
    for words, result in said.items():
        assert result.returncode == 2
        assert words in result.stderr
        assert len(result.stderr.splitlines()) == 1


async def test_other_machines_may_connect_with_allow_remote(tmp_path: Path):
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text(TOKEN)
    given = ("--allow-remote", "--token-file", str(token))
    async with listening((PROGRAM, "serve", "--tcp", "0.0.0.0:0", *given)) as server:
        assert await server.session()
    assert token.exists()
