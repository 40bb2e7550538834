"""What the server's processes hold of the machine, read at intervals."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Final

import psutil
from attrs import asdict, frozen

_ENGINE: Final = "leanwide.engine"
"""What the engine process's command line names."""


@frozen(kw_only=True)
class Health:
    """What stands at one moment."""

    at_s: float
    """Seconds since the beginning."""
    server_rss: int
    """Bytes in memory."""
    server_threads: int
    server_descriptors: int
    server_tasks: int
    """Tasks of the server's asyncio loop."""
    server_requests: int
    """Requests that the server keeps a future of."""
    engine_rss: int
    """Bytes in memory, pages of the mapped model file among them; 0 while there is no engine."""
    engine_threads: int
    engine_descriptors: int


@frozen(kw_only=True)
class ResourceLevel:
    """One figure after the warm-up and at the end: medians over equally long spans."""

    name: str
    first: float
    last: float
    most: float

    @property
    def growth(self) -> float:
        """Growth as a share of the first figure; 0 where that is 0."""
        return self.last / self.first - 1 if self.first else 0.0


def look(server: int, tasks: int, requests: int, at_s: float) -> Health:
    """Read what a server and its engine hold.

    Raises:
        psutil.Error: The server has ended.
    """
    process = psutil.Process(server)
    engine = engine_of(server)
    return Health(
        at_s=round(at_s, 1),
        server_rss=process.memory_info().rss,
        server_threads=process.num_threads(),
        server_descriptors=process.num_fds(),
        server_tasks=tasks,
        server_requests=requests,
        engine_rss=_of(engine, lambda one: one.memory_info().rss),
        engine_threads=_of(engine, lambda one: one.num_threads()),
        engine_descriptors=_of(engine, lambda one: one.num_fds()),
    )


def engine_of(server: int) -> psutil.Process | None:
    """Return the engine process of a server; None while it has none."""
    for child in psutil.Process(server).children():
        try:
            if any(_ENGINE in part for part in child.cmdline()):
                return child
        except psutil.Error:
            continue
    return None


def levels(series: Sequence[Health], warm_up_s: float) -> tuple[ResourceLevel, ...]:
    """Compare each figure after the warm-up with the same figure at the end.

    Both spans are a tenth of what follows the warm-up, and have one reading at least.
    """
    settled = [one for one in series if one.at_s >= warm_up_s and one.engine_rss]
    if not settled:
        return ()
    span = max(1, len(settled) // 10)
    rows = [asdict(one) for one in settled]
    return tuple(
        ResourceLevel(
            name=name,
            first=statistics.median(row[name] for row in rows[:span]),
            last=statistics.median(row[name] for row in rows[-span:]),
            most=max(row[name] for row in rows),
        )
        for name in rows[0]
        if name != "at_s"
    )


def _of(process: psutil.Process | None, read: Callable[[psutil.Process], int]) -> int:
    """Read a figure of a process that may end meanwhile."""
    if process is None:
        return 0
    try:
        return read(process)
    except psutil.Error:
        return 0
