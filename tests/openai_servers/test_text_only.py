"""A real server that takes texts only: the one of llama-cpp-python."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from leanwide.engine.remote.address import ServerAddress
from leanwide.engine.remote.engine import RemoteEngine
from leanwide.engine.remote.facts import ServerKind
from tests.e2e.session import END, PROGRAM, session, unstructured
from tests.llama_server.conftest import write_settings
from tests.openai_servers.test_token_ids import WIDE


@pytest.fixture
def config(text_only: ServerAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own settings: questions go to the server."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return write_settings(tmp_path, text_only, "wide")


async def test_what_the_server_is_is_found_by_asking(text_only: ServerAddress):
    engine = RemoteEngine(text_only, [WIDE])
    try:
        await engine.ready("wide")
        assert engine.facts is not None
        assert engine.facts.kind is ServerKind.TEXT_ONLY
        assert (await engine.count("wide", ["x" * 30])) == [10]
    finally:
        await engine.close()


async def test_a_session_types_here_and_asks_there(config: Path, text_only: ServerAddress):
    async with session({"modes": {"think": {"output_tokens": 24}}}) as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        place = {"start": {"line": 22, "character": 0}, "end": {"line": 24, "character": 0}}
        argument = {"uri": uri, "range": unstructured(place)}
        explained = await asyncio.wait_for(editor.command("leanwide.explain", argument), 120)
        assert explained.markdown
        assert explained.stats.lane == "wide"
        status = await editor.status()
        servers = {lane.name: lane.server for lane in status.lanes}
        assert servers["lean"] == ""
        assert "questions only" in servers["wide"]
        assert vars(status.where) == {"lean": "this machine", "wide": text_only.url}
        assert editor.client.messages == []


def test_doctor_says_what_the_server_is_and_that_it_cannot_complete(config: Path):
    own = config.read_text()
    config.write_text(own + own.replace("wide", "lean"))
    done = subprocess.run(
        [PROGRAM, "doctor", "--json"], capture_output=True, check=False, text=True
    )
    (found,) = json.loads(done.stdout)["servers"]
    assert found["kind"] == "OpenAI's interface, text only"
    assert any("remove lanes.lean.url" in problem for problem in found["problems"])
