"""The program as an HTTP endpoint, with the model that ships with it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.peer import WITHIN, Listening, listening
from tests.e2e.session import PROGRAM
from tests.endpoint.served import events, until
from tests.endpoint.test_completions import ZED
from tests.endpoint.test_infill import LLAMA_VIM

CODE = "import os\n\n\ndef size_of(path):\n    return os."


@asynccontextmanager
async def program() -> AsyncIterator[tuple[Listening, httpx2.AsyncClient]]:
    """Start the program, and return a client of it."""
    async with listening((PROGRAM, "serve", "--http", "127.0.0.1:0")) as server:
        client = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}",
            headers={"Authorization": f"Bearer {server.token_file.read_text().strip()}"},
            timeout=WITHIN,
            trust_env=False,
            verify=False,
        )
        async with client:
            yield server, client


async def test_a_whole_visit_and_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with program() as (server, client):
        assert server.token_file.parent == tmp_path / "leanwide"
        assert server.token_file.stat().st_mode & 0o777 == 0o600
        token = server.token_file.read_text().strip()
        assert token not in Path(f"/proc/{server.process.pid}/cmdline").read_text()
        assert (await client.get("/health")).json()["status"] == "ok"
        assert server.children == []  # nothing is loaded before there is work
        assert (await client.get("/v1/models")).json()["data"][0]["id"] == "leanwide embedded"

        body = {**LLAMA_VIM, "input_prefix": CODE, "input_suffix": "\n", "response_fields": None}
        first = (await client.post("/infill", json=body)).json()
        assert first["content"].startswith("path")
        assert first["timings"]["prompt_n"] > 0
        key = {**body, "input_prefix": f"{CODE}{first['content'][:5]}"}
        second = (await client.post("/infill", json=key)).json()
        assert second["content"] == first["content"][5:]
        assert second["timings"]["prompt_n"] == 0

        hole = (await client.post("/v1/completions", json=ZED)).json()
        assert hole["choices"][0]["text"].strip()
        await _chat(client)
        assert len(server.children) == 1
        engine = int(server.children[0])
        server.process.terminate()
        assert await asyncio.wait_for(server.process.wait(), WITHIN) == 128 + 15
        await until(lambda: not Path(f"/proc/{engine}").exists())
        assert not server.token_file.exists()


async def _chat(client: httpx2.AsyncClient) -> None:
    messages = [{"role": "user", "content": "What does os.walk do?"}]
    body = {"messages": messages, "max_tokens": 12, "temperature": 0.0}
    whole = (await client.post("/v1/chat/completions", json=body)).json()
    streamed = await client.post("/v1/chat/completions", json={**body, "stream": True})
    deltas = [event["choices"][0]["delta"].get("content", "") for event in events(streamed.text)]
    assert "".join(deltas) == whole["choices"][0]["message"]["content"] != ""
    assert whole["choices"][0]["finish_reason"] == "length"


async def test_two_clients_are_answered_over_one_engine():
    async with program() as (server, client):
        await client.get("/v1/models")
        bodies: list[dict[str, Any]] = [
            {"input_prefix": CODE, "input_suffix": "\n"},
            {"input_prefix": "def mean(values):\n    return sum(", "input_suffix": "\n"},
        ]
        answers = await asyncio.gather(*(client.post("/infill", json=body) for body in bodies))
        assert all(answer.json()["content"] for answer in answers)
        assert len(server.children) == 1


def refused(*arguments: str, start: tuple[str, ...] = (str(PROGRAM),)) -> str:
    """What the program says where it refuses to serve, one line."""
    command = (*start, "serve", *arguments)
    result = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN, check=False)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    return result.stderr


def test_what_cannot_be_served_is_one_line():
    assert "--http '8012' is not HOST:PORT" in refused("--http", "8012")
    assert "start each by itself" in refused("--http", "127.0.0.1:0", "--tcp", "127.0.0.1:0")


def test_without_the_http_library_one_line_says_what_to_install():
    program = "import sys; sys.modules['h11'] = None; from leanwide.cli import main; main()"
    said = refused("--http", "127.0.0.1:0", start=(sys.executable, "-c", program))
    assert "pip install 'leanwide[http]'" in said


async def test_the_log_has_no_text_of_a_client():
    async with program() as (server, client):
        await client.get("/v1/models")
        await client.post("/infill", json={"input_prefix": "zebrafinch = "})
        await client.post("/infill", content=b'{"input_prefix": "zebrafinch')
        await client.post("/v1/completions", json={"prompt": "zebrafinch", "n": 2})
        server.process.terminate()
        assert server.process.stderr is not None
        assert "zebrafinch" not in (await server.process.stderr.read()).decode()
