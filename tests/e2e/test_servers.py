"""Lanes at a server, through a real session: what is sent where, and what a fault looks like."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.session import END, PROGRAM, SOURCE, Session, session, unstructured
from tests.engine.remote.misbehaving import (
    MisbehavingServer,
    demanded,
    end,
    misbehaving,
    start_events,
    token,
)
from tests.engine.remote.misbehaving_openai import misbehaving_openai


async def complete_a_call(_: MisbehavingServer, writer: asyncio.StreamWriter, body: Any) -> None:
    await start_events(writer)
    text = demanded(body) + "self.save(name)" if body["n_predict"] else ""
    writer.write(b"".join(token(each, 1 + at) for at, each in enumerate(text)) + end())


async def break_off(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    await start_events(writer)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own settings."""
    folder = tmp_path / "config" / "leanwide"
    folder.mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder.parent))
    return folder / "config.toml"


def peers(editor: Session) -> set[tuple[Any, ...]]:
    """The other ends of all connections of the server and its engine."""
    server = psutil.Process(editor.server.pid)
    return {
        tuple(found.raddr)
        for process in (server, *server.children(recursive=True))
        for found in process.net_connections()
        if found.raddr
    }


async def test_nothing_leaves_the_machine_while_no_server_is_named():
    async with session() as editor:
        await editor.complete_when_ready(editor.open(), END)
        assert peers(editor) == set()
        status = await editor.status()
        assert vars(status.where) == {"lean": "this machine", "wide": "this machine"}
        assert {lane.url for lane in status.lanes} == {""}


async def test_a_named_server_is_all_that_is_spoken_to_and_the_status_names_it(config: Path):
    async with misbehaving() as server:
        server.completion = complete_a_call
        config.write_text(f'[lanes.lean]\nurl = "{server.url}"\n')
        async with session() as editor:
            (item, *_) = await editor.complete_when_ready(editor.open(), END)
            assert "self.save(name)" in str(item.insert_text)
            assert peers(editor) <= {("127.0.0.1", server.port)}
            status = await editor.status()
            assert vars(status.where) == {"lean": server.url, "wide": "this machine"}
            assert [(lane.name, lane.url) for lane in status.lanes] == [("lean", server.url)]
            assert editor.client.messages == []


async def test_a_workspace_and_an_editor_that_name_a_server_are_ignored_with_a_line(tmp_path: Path):
    async with misbehaving() as server:
        lane = {"url": server.url, "key_file": "/etc/passwd", "allow_http": True}
        (tmp_path / ".leanwide.toml").write_text(f'[lanes.lean]\nurl = "{server.url}"\n')
        async with session({"lanes": {"lean": {**lane, "sequences": 2}}}, root=tmp_path) as editor:
            await editor.complete_when_ready(editor.open(), END)
            assert server.seen == []
            assert (await editor.status()).where.lean == "this machine"
            (message,) = editor.client.messages
            assert "the editor's settings may name no server: ignored" in message.message
            assert ".leanwide.toml may set" in message.message


async def test_a_server_that_breaks_off_is_told_once_and_served_again_without_a_restart(
    config: Path,
):
    async with misbehaving() as server:
        server.completion = break_off
        config.write_text(f'[lanes.lean]\nurl = "{server.url}"\n')
        async with session() as editor:
            uri = editor.open()
            async with asyncio.timeout(60):
                while not editor.client.messages:
                    assert await editor.complete(uri, END) == []
            for _ in range(3):
                assert await editor.complete(uri, END) == []
                await asyncio.sleep(0.1)
            (message,) = editor.client.messages
            assert "broke its answer off; it is asked again until it works" in message.message
            server.completion = complete_a_call
            await editor.complete_when_ready(uri, END)
            assert len(editor.client.messages) == 1


async def test_a_lane_that_may_fall_back_runs_here_while_its_server_is_gone(config: Path):
    async with misbehaving() as server:
        url = server.url
    config.write_text(f'[lanes.lean]\nurl = "{url}"\nfallback = true\n')
    async with session() as editor:
        await editor.complete_when_ready(editor.open(), END)
        (message,) = editor.client.messages
        assert "cannot be reached" in message.message
        assert "meanwhile the lane runs on this machine" in message.message
        assert [lane.url for lane in (await editor.status()).lanes] == [""]


async def test_a_server_of_texts_answers_questions_while_the_user_types_here(config: Path):
    async with misbehaving_openai(takes_ids=False) as server:
        lane = f'url = "{server.url}"\n'
        config.write_text(f"[lanes.lean]\n{lane}fallback = true\n[lanes.wide]\n{lane}")
        async with session() as editor:
            uri = editor.open()
            await editor.complete_when_ready(uri, END)
            place = {"start": {"line": 22, "character": 0}, "end": {"line": 24, "character": 0}}
            argument = {"uri": uri, "range": unstructured(place)}
            explained = await editor.command("leanwide.explain", argument)
            assert explained.markdown == "Well, yes"
            assert "def get(self, name):" in server.bodies[-1]["messages"][-1]["content"]
            (message,) = editor.client.messages
            assert "takes no token ids, which suggestions need" in message.message
            lanes = {lane.name: lane.url for lane in (await editor.status()).lanes}
            assert lanes == {"lean": "", "wide": server.url}


async def test_a_command_of_the_shell_asks_the_server_of_its_lane(config: Path, tmp_path: Path):
    file = tmp_path / "store.py"
    file.write_text(SOURCE)
    async with misbehaving() as server:
        server.completion = complete_a_call
        config.write_text(f'[lanes.lean]\nurl = "{server.url}"\n')
        place = f"{file}:{END.line + 1}:{END.character + 1}"
        done = await asyncio.to_thread(run, "complete", place)
    assert "self.save(name)" in done.stdout, done.stderr
    assert done.returncode == 0


async def test_doctor_says_what_a_server_is_and_what_is_wrong_with_one(config: Path):
    async with misbehaving() as server, misbehaving() as gone:
        gone_url = gone.url
    async with misbehaving() as server:
        config.write_text(f'[lanes.lean]\nurl = "{server.url}"\n[lanes.wide]\nurl = "{gone_url}"\n')
        done = await asyncio.to_thread(run, "doctor", "--json")
    report = json.loads(done.stdout)
    lean, wide = report["servers"]
    assert lean["model"] == "fake"
    assert (lean["slots"], lean["context_tokens"], lean["completes"]) == (4, 4096, True)
    assert "cannot be reached" in wide["problems"][0]
    assert wide["problems"][0] in report["problems"]
    assert report["lanes"] == []


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)
