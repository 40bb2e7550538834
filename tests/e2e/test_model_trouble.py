"""A model or an engine in trouble: the user gets one message, and the server lives on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.session import END, PROGRAM, session
from tests.lab import broken

BROKEN = [broken.empty, broken.not_gguf, broken.truncated_header, broken.truncated_weights]


def missing(folder: Path) -> Path:
    return folder / "missing.gguf"


@pytest.mark.parametrize("make", [missing, *BROKEN, broken.unsupported_architecture])
async def test_a_model_that_cannot_load_gives_one_message_and_empty_answers(
    make: object, tmp_path: Path
):
    path = make(tmp_path)  # type: ignore[operator]
    async with session({"model": {"path": str(path)}}) as editor:
        uri = editor.open()
        while (await editor.status()).state != "failed":
            await asyncio.sleep(0.02)
        assert await editor.complete(uri, END) == []
        assert await editor.complete(uri, editor.insert(uri, END, "x")) == []
        (message,) = editor.client.messages
        assert str(path) in message.message
        assert (await editor.status()).reason == message.message


async def test_a_model_without_fim_tokens_gives_one_message(tmp_path: Path):
    path = broken.without_fim(tmp_path)
    async with session({"model": {"path": str(path)}}) as editor:
        uri = editor.open()
        while (await editor.status()).state != "idle":
            await asyncio.sleep(0.02)
        assert await editor.complete(uri, END) == []
        assert await editor.complete(uri, END) == []
        (message,) = editor.client.messages
        assert "fill-in-the-middle" in message.message


@pytest.mark.parametrize(("wanted", "serves"), [(0, 1), (10**6, 16)])
async def test_an_illegal_expert_count_is_refused_and_the_nearest_serves(wanted: int, serves: int):
    async with session({"lanes": {"lean": {"experts": wanted}}}) as editor:
        uri = editor.open()
        assert await editor.complete_when_ready(uri, END)
        status = await editor.status()
        assert status.experts == serves
        (message,) = editor.client.messages
        assert f"1 to 16 experts: {serves} serve instead of {wanted}" in message.message


async def test_the_engine_may_be_killed_five_times_in_a_row():
    async with session() as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        at = END
        for _ in range(5):
            at = editor.insert(uri, at, "a")
            request = editor.request(uri, at)
            os.kill(await editor.engine_process(), signal.SIGKILL)
            await asyncio.wait_for(request, 20)
            killed = time.monotonic()
            assert await editor.complete_when_ready(uri, at)
            print(f"completes again {time.monotonic() - killed:.2f} s after the kill")
        (notice,) = editor.client.messages
        assert "it starts again" in notice.message


async def test_a_stopped_server_leaves_no_engine_behind():
    async with session() as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        engine = await editor.engine_process()
    assert not Path(f"/proc/{engine}").exists()


async def test_a_killed_server_leaves_no_engine_behind():
    async with session() as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        engine = await editor.engine_process()
        server = editor.client._server
        assert server is not None
        editor.client.error = RuntimeError("killed by the test: there is nothing to shut down")
        server.kill()
        await server.wait()
        for _ in range(200):
            if not Path(f"/proc/{engine}").exists():
                break
            await asyncio.sleep(0.05)
    assert not Path(f"/proc/{engine}").exists()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("make", [missing, *BROKEN])
def test_the_program_says_in_one_line_why_a_model_does_not_load(make: object, tmp_path: Path):
    path = make(tmp_path)  # type: ignore[operator]
    result = run("complete", f"{__file__}:1:1", "--model", str(path))
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"leanwide: {path} ")


@pytest.mark.parametrize("experts", ["0", "1000000"])
def test_the_program_names_the_legal_expert_counts(experts: str):
    result = run("complete", f"{__file__}:1:1", "--experts", experts)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "1 to 16 experts" in result.stderr
