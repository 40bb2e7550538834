"""The shared engines that run now: who they are, and how they are ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

from attrs import frozen

from leanwide.engine.child_process import memory_of
from leanwide.engine.host.folder import SOCKET_SUFFIX, connected
from leanwide.engine.host.joining import welcome
from leanwide.engine.wire import Description


@frozen(kw_only=True)
class RunningEngine:
    """A shared engine that runs now."""

    description: Description
    memory_bytes: int
    """Its memory, pages shared with other programs counted in part; 0 if unknown."""


async def running_engines(folder: Path) -> list[RunningEngine]:
    """Return the engines whose sockets are in a folder; one that does not answer is left out."""
    paths = await asyncio.to_thread(lambda: sorted(folder.glob(f"*{SOCKET_SUFFIX}")))
    found = await asyncio.gather(*map(_ask, paths))
    return [engine for engine in found if engine is not None]


def stop(engine: RunningEngine) -> None:
    """End an engine; a window that still needs it starts another one."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(engine.description.process, signal.SIGTERM)


async def _ask(path: Path) -> RunningEngine | None:
    """Connect to an engine and return what it says of itself."""
    try:
        connection = await asyncio.to_thread(connected, path)
        if connection is None:
            return None
        _, writer, description = await welcome(connection)
    except OSError:
        return None
    writer.close()
    memory = await asyncio.to_thread(memory_of, description.process)
    return RunningEngine(description=description, memory_bytes=memory)
