"""``leanwide engine``: lists and stops the engines that editor windows share."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from leanwide.cli.compose import user_layers
from leanwide.cli.console import TextConsole
from leanwide.cli.terminal import say, say_json
from leanwide.engine.host.folder import fallback_folder, login_folder
from leanwide.engine.host.running import RunningEngine, running_engines, stop
from leanwide.options import AutoSwitch, parse

app = typer.Typer(
    help="Look at the engine that your editor windows share, and stop it.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list")
def list_engines(*, json: Json = False) -> None:
    """List the shared engines that run now, and say whether new windows share one."""
    engines = _running()
    if json:
        say_json({"engines": [_data(engine) for engine in engines], "sharing": _sharing()})
        return
    if engines:
        _print(engines)
    else:
        say("no shared engine runs now")
    say(_sharing())


@app.command("stop")
def stop_engines(*, json: Json = False) -> None:
    """Stop all shared engines; a window that needs one starts it again."""
    engines = _running()
    for engine in engines:
        stop(engine)
    if json:
        say_json({"stopped": [engine.description.process for engine in engines]})
    else:
        say(f"stopped {len(engines)}" if engines else "no shared engine runs now")


def _running() -> list[RunningEngine]:
    async def ask() -> list[RunningEngine]:
        folders = dict.fromkeys(filter(None, (login_folder(), fallback_folder())))
        found = [await running_engines(folder) for folder in folders]
        return [engine for engines in found for engine in engines]

    return asyncio.run(ask())


def _sharing() -> str:
    """Say whether windows that open now share an engine, and why."""
    options, _ = parse(*user_layers()[0])
    match options.machine.share_engine:
        case AutoSwitch.OFF:
            return 'each window has an engine of its own: machine.share_engine is "off"'
        case AutoSwitch.ON:
            return 'windows share an engine: machine.share_engine is "on"'
        case AutoSwitch.AUTO if login_folder() is None:
            return (
                "each window has an engine of its own: XDG_RUNTIME_DIR, the folder for sockets, is "
                'not set (machine.share_engine = "on" does without)'
            )
        case _:
            return "windows with the same models share an engine"


def _data(engine: RunningEngine) -> dict[str, Any]:
    told = engine.description
    return {
        "process": told.process,
        "model": told.model,
        "lanes": list(told.lanes),
        "windows": told.clients,
        "started": datetime.fromtimestamp(told.started_at, UTC).isoformat(timespec="seconds"),
        "memory_bytes": engine.memory_bytes,
    }


def _print(engines: list[RunningEngine]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("process", "model", "lanes", "windows", "memory", "since"):
        table.add_column(name)
    for engine in engines:
        told = engine.description
        table.add_row(
            str(told.process),
            escape(Path(told.model).name or "none yet"),
            ", ".join(told.lanes) or "none",
            str(told.clients),
            f"{engine.memory_bytes / 1e6:,.0f} MB",
            datetime.fromtimestamp(told.started_at).astimezone().strftime("%Y-%m-%d %H:%M"),
        )
    TextConsole(highlight=False).print(table)
