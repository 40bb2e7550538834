"""A model or an engine in trouble: the user gets one message, and the server lives on."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from leanwide.models.embedded import embedded_model
from tests.bench import broken
from tests.e2e.session import END, PROGRAM, Session, session

BROKEN = [broken.empty, broken.not_gguf, broken.truncated_header, broken.truncated_weights]


def missing(folder: Path) -> Path:
    return folder / "missing.gguf"


def of_no_user(folder: Path) -> Path:
    del folder
    return Path("~no-such-user/model.gguf")


@pytest.mark.parametrize("make", [missing, of_no_user, *BROKEN, broken.unsupported_architecture])
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
async def test_for_an_illegal_expert_count_the_nearest_is_used(wanted: int, serves: int):
    async with session({"lanes": {"lean": {"experts": wanted}}}) as editor:
        uri = editor.open()
        assert await editor.complete_when_ready(uri, END)
        status = await editor.status()
        assert status.experts == serves
        (message,) = editor.client.messages
        assert f"1 to 16 experts: using {serves} instead of {wanted}" in message.message


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
        notices = {message.message for message in editor.client.messages}
        assert notices == {"the engine stopped unexpectedly; it starts again"}
        assert len(editor.client.messages) <= 5, "each death is told once, after a recovery"


async def test_a_new_crash_after_a_recovery_is_shown_again_once():
    async with session({"modes": {"think": {"output_tokens": 16}}}) as editor:
        uri = editor.open()
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 5, "character": 0}}
        at = END
        keys = iter("number_x")  # the same key again and again would make the model loop
        for deaths in range(1, 3):
            await editor.complete_when_ready(uri, at)
            async with editor.held_engine():
                at = editor.insert(uri, at, next(keys))
                request = editor.request(uri, at)
                await editor.status()
                os.kill(await editor.engine_process(), signal.SIGKILL)
            await asyncio.wait_for(request, 20)
            for _ in range(3):
                at = editor.insert(uri, at, next(keys))
                await editor.complete(uri, at)
            assert len(editor.client.messages) == deaths
            # Only an answer of the model is a recovery.
            await editor.command("leanwide.explain", {"uri": uri, "range": whole})


async def test_a_model_that_appears_later_is_found_at_the_next_request(tmp_path: Path):
    path = missing(tmp_path)
    async with session({"model": {"path": str(path)}}) as editor:
        uri = editor.open()
        while (await editor.status()).state != "failed":
            await asyncio.sleep(0.02)
        for _ in range(3):
            assert await editor.complete(uri, END) == []
        shutil.copy(embedded_model(), path)
        assert await editor.complete_when_ready(uri, END)
        assert len(editor.client.messages) == 1


@pytest.mark.parametrize(
    "make", [broken.repeated_token, broken.no_layers, broken.endless_experts, missing]
)
async def test_a_broken_engine_is_an_error_for_questions_and_silence_for_typing(
    make: Callable[[Path], Path], tmp_path: Path
):
    path = make(tmp_path)
    async with session({"model": {"path": str(path)}}) as editor:
        uri = editor.open()
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 5, "character": 0}}
        asked = {"uri": uri, "range": whole}
        for name, argument in (
            ("leanwide.explain", asked),
            ("leanwide.chat", {"message": "Why?"}),
            ("leanwide.refactor", {**asked, "instruction": "Rename it."}),
        ):
            with pytest.raises(JsonRpcException) as caught:
                await asyncio.wait_for(editor.command(name, argument), 60)
            assert caught.value.code == types.LSPErrorCodes.RequestFailed
            assert str(path) in caught.value.message
        assert await editor.complete(uri, END) == []
        assert await editor.complete(uri, editor.insert(uri, END, "x")) == []
        (message,) = editor.client.messages
        status = await editor.status()
        assert (status.state, status.reason) == ("failed", message.message)


async def test_a_stopped_server_leaves_no_engine_behind():
    async with session() as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        engine = await editor.engine_process()
    assert not Path(f"/proc/{engine}").exists()


async def kill_server(editor: Session) -> list[psutil.Process]:
    """Kill the server as the kernel would; returns the processes that it had started."""
    server = editor.server
    children = psutil.Process(server.pid).children(recursive=True)
    editor.client.error = RuntimeError("killed by the test: there is nothing to shut down")
    server.kill()
    await server.wait()
    return children


async def all_end(processes: list[psutil.Process]) -> None:
    async with asyncio.timeout(20):
        while any(process.is_running() for process in processes):
            await asyncio.sleep(0.05)


async def test_a_killed_server_leaves_no_engine_behind():
    async with session() as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        children = await kill_server(editor)
        assert children
        await all_end(children)


async def test_a_server_that_is_killed_while_the_model_loads_leaves_no_engine_behind():
    async with session() as editor:
        editor.open()
        await editor.engine_process()
        await all_end(await kill_server(editor))


async def test_a_server_that_is_killed_while_the_engine_decodes_leaves_no_engine_behind():
    async with session({"modes": {"think": {"output_tokens": 900}}}) as editor:
        uri = editor.open()
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 5, "character": 0}}
        argument = {"uri": uri, "range": whole, "streamToken": "t"}
        asked = asyncio.create_task(editor.command("leanwide.explain", argument))
        async with asyncio.timeout(60):
            while not editor.parts:
                await asyncio.sleep(0.01)
        asked.cancel()
        await all_end(await kill_server(editor))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("make", [missing, *BROKEN, broken.no_layers])
def test_the_program_says_in_one_line_why_a_model_does_not_load(make: object, tmp_path: Path):
    path = make(tmp_path)  # type: ignore[operator]
    result = run("complete", f"{__file__}:1:1", "--model", str(path))
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"leanwide: {path} ")


@pytest.mark.parametrize(
    "arguments", [("complete", f"{__file__}:1:1"), ("explain", f"{__file__}:1-5"), ("chat", "Why?")]
)
def test_the_program_ends_where_the_engine_dies_at_each_start(
    arguments: tuple[str, ...], tmp_path: Path
):
    path = broken.repeated_token(tmp_path)
    result = run(*arguments, "--model", str(path))
    assert result.returncode == 1
    assert result.stdout == ""
    assert f"leanwide: the engine stops whenever it loads {path}" in result.stderr


@pytest.mark.parametrize("experts", ["0", "1000000"])
def test_the_program_names_the_legal_expert_counts(experts: str):
    result = run("complete", f"{__file__}:1:1", "--experts", experts)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "1 to 16 experts" in result.stderr


@pytest.mark.parametrize("arguments", [("complete", f"{__file__}:1:1"), ("doctor",)])
def test_the_program_says_what_to_do_where_llama_cpp_cannot_be_loaded(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(tmp_path))  # llama-cpp-python looks there instead
    result = run(*arguments)
    assert result.returncode == 1
    assert result.stdout == ""
    last = result.stderr.splitlines()[-1]
    assert last.startswith("leanwide: llama.cpp cannot be loaded (")
    assert last.endswith("or llama-cpp-python again, which compiles it for this machine")
