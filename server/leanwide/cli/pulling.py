"""Pulls a model with a progress bar, and one sentence for every failure."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from leanwide.cli.console import TextConsole
from leanwide.cli.terminal import complain
from leanwide.models.pulling import PullError, missing_library
from leanwide.models.registry import HubFile


def bring(source: HubFile) -> Path:
    """Pull a file from the hub and return its path; a failure ends the program with code 1."""
    try:
        from leanwide.models.pull import pull  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as error:
        _fail(str(missing_library(error)), error)
    console = TextConsole(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    speed = (TransferSpeedColumn(), TimeRemainingColumn())
    bar = Progress(*columns, *speed, console=console, disable=not console.is_terminal)
    task = bar.add_task("asking the hub", total=None)

    def report(doing: str, done: int, total: int) -> None:
        bar.update(task, description=doing, completed=done, total=total)

    try:
        with bar:
            return pull(source, report)
    except PullError as error:
        _fail(str(error), error)
    except KeyboardInterrupt as stop:
        received = f"{bar.tasks[task].completed / 1e6:,.1f} MB"
        _fail(f"stopped: {received} are here, and the same command goes on from there", stop)


def _fail(message: str, cause: BaseException) -> NoReturn:
    """End the program with one line on stderr and exit code 1."""
    complain(message)
    raise typer.Exit(1) from cause
