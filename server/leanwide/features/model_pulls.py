"""Pulls of models that the user asked for in the editor, one at a time."""

from __future__ import annotations

from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from leanwide import child
from leanwide.models.pull_process import NotPulled, Pulled, PullMessage, PullReport
from leanwide.models.pulling import PullError
from leanwide.models.registry import HubFile

_PROCESS: Final = "leanwide.models.pull_process"


class ModelPulls:
    """Runs each pull in a process: cancelling it closes its connection and frees its file at once.

    What arrived stays on disk, and the next pull of the same file goes on from there.
    """

    def __init__(self) -> None:
        self._running: HubFile | None = None

    async def pull(self, source: HubFile, report: Callable[[PullReport], None]) -> Path:
        """Download a file unless it is there; return its path.

        Raises:
            PullError: It cannot be downloaded, or another pull is under way.
        """
        if self._running is not None:
            raise PullError(f"{self._running} is being pulled: wait for it, or cancel it")
        self._running = source
        try:
            return await _pull_apart(source, report)
        finally:
            self._running = None


async def _pull_apart(source: HubFile, report: Callable[[PullReport], None]) -> Path:
    try:
        process = await child.start(child.python("-m", _PROCESS, str(source)), stderr=DEVNULL)
    except OSError as error:
        raise PullError(f"no process can be started for it ({error}): close programs") from error
    try:
        return await _follow(process, report)
    finally:
        await child.end(process)


async def _follow(process: Process, report: Callable[[PullReport], None]) -> Path:
    """Pass on what a pull reports; return the path at its end."""
    assert process.stdout is not None  # noqa: S101  # it was started with a pipe
    async for line in process.stdout:
        match msgspec.json.decode(line, type=PullMessage):
            case PullReport() as done:
                report(done)
            case Pulled(path=path):
                return Path(path)
            case NotPulled(reason=reason):
                raise PullError(reason)
    code = await process.wait()
    raise PullError(f"the download ended with code {code}: ask for it again, it goes on from there")
