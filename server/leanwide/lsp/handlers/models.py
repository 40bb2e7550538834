"""Commands with which the user chooses a model: what there is, bringing one, using one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from lsprotocol import types
from platformdirs import user_config_path
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from leanwide.catalogue import listing
from leanwide.engine.hardware import find_hardware, hardware
from leanwide.lsp import convert
from leanwide.lsp.arguments import ModelNameArguments, UseModelArguments
from leanwide.lsp.progress import ProgressBar, cancellable
from leanwide.lsp.protocol import progress_token
from leanwide.lsp.session import Server
from leanwide.models.gguf import ModelFileError, read_header
from leanwide.models.pull_process import PullReport
from leanwide.models.pulling import PullError
from leanwide.models.registry import HubFile, UnknownModelError, entry_of, resolve
from leanwide.models.store import pulled_path
from leanwide.options import BOTH_LANES, as_toml, model_settings
from leanwide.options.model_files import lanes_by_name


async def models(ls: Server, *_: Any) -> dict[str, Any]:
    """``leanwide.models``: return the recommended models, what fits, and what to take."""
    uses_gpu = ls.options.model.gpu_layers != 0
    machine = await find_hardware() if uses_gpu else hardware(())
    found = await asyncio.to_thread(listing, ls.options, machine)
    return {convert.camel_case_name(name): _renamed(value) for name, value in found.items()}


async def pull_model(ls: Server, given: ModelNameArguments) -> dict[str, Any]:
    """``leanwide.pullModel``: bring a model from the hub; return its path."""
    _check_choice(ls, model_settings(""))
    source = _source(given.name)
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  # every request is one
    token = progress_token.get()
    token = ls.feedback.progress_token() if token is None else token
    begin = types.WorkDoneProgressBegin(
        title=f"leanwide: {source.file.rpartition('/')[2]}", cancellable=True, percentage=0
    )
    bar = ProgressBar(ls, token, begin)

    def report(now: PullReport) -> None:
        megabytes = f"{now.done / 1e6:,.1f} of {now.total / 1e6:,.1f} MB"
        bar.report(100 * now.done // max(1, now.total), f"{now.doing}, {megabytes}")

    end = "stopped: what is here stays, and the next pull goes on from there"
    try:
        with cancellable(ls, token, task.cancel):
            path = await ls.pulls.pull(source, report)
        end = "complete and verified"
    except PullError as error:
        end = "failed"
        raise _failed(str(error)) from error
    finally:
        bar.end(end)
    return {"path": str(path)}


async def use_model(ls: Server, given: UseModelArguments) -> dict[str, Any]:
    """``leanwide.useModel``: run a model in this session; return the settings that keep it."""
    path, suited = await asyncio.to_thread(_file, given.name)
    lanes = suited if given.lane is None else (given.lane,)
    own = [name for name, lane in lanes_by_name(ls.options).items() if lane.model]
    settings = model_settings(path, lanes, own)
    _check_choice(ls, settings)
    await ls.choose(settings)
    return {
        "path": path,
        "lanes": list(lanes),
        "settings": settings,
        "config": as_toml(settings),
        "file": str(user_config_path("leanwide") / "config.toml"),
    }


def _file(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the file that a name means, and the lanes that it suits; "" is the embedded model.

    Raises:
        JsonRpcException: It is no model, or not here.
    """
    if not name:
        return "", BOTH_LANES
    if Path(name).is_absolute():
        return _model_file(Path(name)), BOTH_LANES
    source = _source(name)
    path = pulled_path(source)
    if not path.exists():
        raise _failed(f"{name} is not here: pull it first (leanwide.pullModel)")
    entry = entry_of(source)
    return _model_file(path), BOTH_LANES if entry is None else entry.lanes


def _model_file(path: Path) -> str:
    try:
        read_header(path)
    except ModelFileError as error:
        raise _failed(str(error)) from error
    return str(path)


def _source(name: str) -> HubFile:
    try:
        return resolve(name)
    except UnknownModelError as error:
        raise JsonRpcInvalidParams(message=str(error)) from error


def _check_choice(ls: Server, settings: dict[str, Any]) -> None:
    """Refuse to choose a model where several sessions share the engine."""
    if (reason := ls.refusal(settings)) is not None:
        raise _failed(reason)


def _failed(reason: str) -> JsonRpcException:
    return JsonRpcException(message=reason, code=types.LSPErrorCodes.RequestFailed)


def _renamed(value: Any) -> Any:
    """Return data with names in camelCase as in LSP."""
    match value:
        case dict():
            return {convert.camel_case_name(key): _renamed(item) for key, item in value.items()}
        case list() | tuple():
            return [_renamed(item) for item in value]
        case _:
            return value
