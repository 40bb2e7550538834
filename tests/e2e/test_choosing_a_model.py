"""A model is chosen in the editor: listed, brought with progress and cancel, and used."""

from __future__ import annotations

import asyncio
import shutil
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from leanwide.models.embedded import embedded_model
from leanwide.models.registry import entries
from tests.e2e.session import END, PROGRAM, READY_WITHIN, Session, session
from tests.models.loopback import Hub, serving

NAME = "qwen2.5-coder-0.5b-q4_k_m"
ENTRY = next(entry for entry in entries() if entry.name == NAME)
ONLY_LEAN = next(entry for entry in entries() if entry.lanes == ("lean",))
CANCELLED = types.LSPErrorCodes.RequestCancelled


@pytest.fixture
def hub() -> Iterator[Hub]:
    files = {f"{entry.repo}/{entry.file}": embedded_model() for entry in (ENTRY, ONLY_LEAN)}
    with serving(Hub(files=files)) as hub:
        yield hub


@asynccontextmanager
async def editor_of(hub: Hub, home: Path, **more: Any) -> AsyncIterator[Session]:
    """Start a session of a user whose folders are below ``home``, with a hub on this machine."""
    variables = (
        *(f"HF_ENDPOINT={hub.address}", f"XDG_DATA_HOME={home / 'data'}"),
        *(f"XDG_CONFIG_HOME={home / 'config'}", f"HF_HOME={home / 'hub'}"),
    )
    command = ("env", "-u", "HF_HUB_OFFLINE", *variables, PROGRAM, "serve")
    async with session(command=command, **more) as editor:
        yield editor


def pull(editor: Session, name: str = NAME, token: str = "bar") -> asyncio.Future[Any]:
    """Ask for a model, with a progress token of the client."""
    editor.client.progress_reports.setdefault(token, [])
    params = types.ExecuteCommandParams(
        "leanwide.pullModel", [{"name": name}], work_done_token=token
    )
    sent = editor.client.protocol.send_request(
        types.WORKSPACE_EXECUTE_COMMAND, params, msg_id=token
    )
    return asyncio.wrap_future(sent)


def messages(editor: Session, token: str = "bar") -> list[str]:
    """Return the texts that a progress bar showed so far."""
    values: Any = editor.client.progress_reports.get(token, [])
    return [getattr(value, "message", None) or "" for value in values]


async def begun(editor: Session) -> None:
    """Wait until bytes have arrived."""
    async with asyncio.timeout(READY_WITHIN):
        while not any("fetching" in text for text in messages(editor)):
            await asyncio.sleep(0.01)


async def failure(asked: asyncio.Future[Any]) -> JsonRpcException:
    with pytest.raises(JsonRpcException) as caught:
        await asyncio.wait_for(asked, READY_WITHIN)
    return caught.value


async def test_a_model_is_listed_pulled_with_progress_and_used(hub: Hub, tmp_path: Path):
    async with editor_of(hub, tmp_path) as editor:
        row = next(
            row for row in (await editor.command("leanwide.models")).models if row.name == NAME
        )
        assert (row.path, row.partBytes, row.fits) == (None, 0, True)
        assert row.suitability.startswith("fits: takes")

        answer = await asyncio.wait_for(pull(editor), READY_WITHIN)
        path = Path(answer["path"] if isinstance(answer, dict) else answer.path)
        assert path.read_bytes() == embedded_model().read_bytes()
        first, *reports, last = editor.client.progress_reports["bar"]
        assert isinstance(first, types.WorkDoneProgressBegin)
        assert first.cancellable
        assert (first.title, last.message) == (f"leanwide: {ENTRY.file}", "complete and verified")
        done = [each.percentage for each in reports if "fetching" in (each.message or "")]
        assert done == sorted(done)
        assert done[-1] == 100
        assert any("verifying, " in (each.message or "") for each in reports)

        used = await editor.command("leanwide.useModel", {"name": NAME})
        assert tomllib.loads(used.config) == {"model": {"path": str(path)}}
        assert used.file == str(tmp_path / "config/leanwide/config.toml")
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        assert (await editor.status()).model.path == str(path)
        row = next(
            row for row in (await editor.command("leanwide.models")).models if row.name == NAME
        )
        assert row.path == str(path)


async def test_without_a_token_of_the_client_the_server_makes_a_bar_that_can_be_cancelled(
    hub: Hub, tmp_path: Path
):
    hub.cuts, hub.cut_after = 1_000, 100_000
    async with editor_of(hub, tmp_path) as editor:
        asked = asyncio.ensure_future(editor.command("leanwide.pullModel", {"name": NAME}))
        async with asyncio.timeout(READY_WITHIN):
            while not editor.client.progress_reports:
                await asyncio.sleep(0.01)
        (token,) = editor.client.progress_reports
        cancel = types.WorkDoneProgressCancelParams(token)
        editor.client.window_work_done_progress_cancel(cancel)
        assert (await failure(asked)).code == CANCELLED


@pytest.mark.parametrize("way", ["progress", "request"])
async def test_a_cancelled_pull_leaves_a_part_from_which_the_next_goes_on(
    hub: Hub, tmp_path: Path, way: str
):
    hub.cuts, hub.cut_after = 1_000, 200_000
    async with editor_of(hub, tmp_path) as editor:
        asked = pull(editor)
        await begun(editor)
        if way == "progress":
            params = types.WorkDoneProgressCancelParams("bar")
            editor.client.window_work_done_progress_cancel(params)
        else:
            editor.client.cancel_request(types.CancelParams("bar"))
        assert (await failure(asked)).code == CANCELLED
        assert "goes on from there" in messages(editor)[-1]

        rows = (await editor.command("leanwide.models")).models
        here = next(row.partBytes for row in rows if row.name == NAME)
        assert 0 < here < embedded_model().stat().st_size
        hub.cuts = 0
        await asyncio.wait_for(pull(editor, token="second"), READY_WITHIN)
        assert hub.ranges[-1] == f"bytes={here}-"


async def test_one_model_is_pulled_at_a_time(hub: Hub, tmp_path: Path):
    hub.cuts, hub.cut_after = 1_000, 200_000
    async with editor_of(hub, tmp_path) as editor:
        first = pull(editor)
        await begun(editor)
        second = await failure(pull(editor, ONLY_LEAN.name, "second"))
        assert "is being pulled: wait for it, or cancel it" in second.message
        editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams("bar"))
        await failure(first)


async def test_wrong_bytes_are_refused_in_one_sentence(hub: Hub, tmp_path: Path):
    hub.corrupt = True
    async with editor_of(hub, tmp_path) as editor:
        error = await failure(pull(editor))
        assert error.code == types.LSPErrorCodes.RequestFailed
        assert "is refused: its SHA-256 is" in error.message
        assert messages(editor)[-1] == "failed"
        with pytest.raises(JsonRpcException, match="is not here: pull it first"):
            await editor.command("leanwide.useModel", {"name": NAME})


async def test_without_a_network_a_pull_says_so(tmp_path: Path):
    with serving(Hub()) as gone:
        pass
    async with editor_of(gone, tmp_path) as editor:
        assert "cannot be reached" in (await failure(pull(editor))).message


async def test_only_a_name_of_the_registry_or_the_hub_is_pulled(hub: Hub, tmp_path: Path):
    async with editor_of(hub, tmp_path) as editor:
        for name in ("qwen3-codr", "hf:nobody", "/etc/passwd", "", "x" * 2_000):
            with pytest.raises(JsonRpcInvalidParams):
                await editor.command("leanwide.pullModel", {"name": name})
    assert hub.requests == []


async def test_a_model_that_suits_one_lane_leaves_the_other_as_it_is(hub: Hub, tmp_path: Path):
    async with editor_of(hub, tmp_path) as editor:
        await asyncio.wait_for(pull(editor, ONLY_LEAN.name), READY_WITHIN)
        used = await editor.command("leanwide.useModel", {"name": ONLY_LEAN.name})
        assert used.lanes == ["lean"]
        assert tomllib.loads(used.config) == {"lanes": {"lean": {"model": used.path}}}
        own = tmp_path / "own.gguf"
        shutil.copy(embedded_model(), own)
        both = await editor.command("leanwide.useModel", {"name": str(own)})
        assert tomllib.loads(both.config) == {
            "model": {"path": str(own)},
            "lanes": {"lean": {"model": ""}},
        }
        wide = await editor.command("leanwide.useModel", {"name": str(own), "lane": "wide"})
        assert tomllib.loads(wide.config) == {"lanes": {"wide": {"model": str(own)}}}
        embedded = await editor.command("leanwide.useModel", {"name": ""})
        assert tomllib.loads(embedded.config)["model"] == {"path": ""}


async def test_a_file_that_is_no_model_is_not_used(hub: Hub, tmp_path: Path):
    wrong = tmp_path / "notes.gguf"
    wrong.write_text("no model at all")
    async with editor_of(hub, tmp_path) as editor:
        with pytest.raises(JsonRpcException, match=r"notes\.gguf"):
            await editor.command("leanwide.useModel", {"name": str(wrong)})


async def test_nothing_is_pulled_but_by_the_users_command(hub: Hub, tmp_path: Path):
    """Neither a folder that names a model, nor looking at the list, connects to the hub."""
    project = tmp_path / "project"
    project.mkdir()
    (project / ".leanwide.toml").write_text(
        f'[model]\npath = "{ENTRY.source}"\n[lanes.lean]\nmodel = "{NAME}"\n'
    )
    (project / "README.md").write_text(f"[more](command:leanwide.pullModel?%22{NAME}%22)\n")
    async with editor_of(hub, tmp_path, root=project) as editor:
        uri = editor.open(name="store.py")
        await editor.complete_when_ready(uri, END)
        await editor.command("leanwide.models")
        assert hub.requests == []
        await asyncio.wait_for(pull(editor), READY_WITHIN)
    assert hub.requests
    assert all(ENTRY.file in request for request in hub.requests)
