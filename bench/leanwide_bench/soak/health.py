"""Readings of what the server's processes hold: memory, threads, descriptors, tasks."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import psutil
from attrs import asdict, frozen

_ENGINE: Final = "leanwide.engine"
"""Part of the engine process's command line."""


@frozen(kw_only=True)
class Health:
    """One reading."""

    at_s: float
    """Seconds since the soak began."""
    visits: int
    """Visits so far."""
    server_rss: int
    """Bytes in memory."""
    server_threads: int
    server_descriptors: int
    server_tasks: int
    """Tasks of the server's asyncio loop."""
    server_requests: int
    """Requests whose futures the server keeps."""
    engine_rss: int
    """Bytes in memory, pages of the mapped model file included; 0 while there is no engine."""
    engine_threads: int
    engine_descriptors: int


@frozen(kw_only=True)
class ResourceLevel:
    """One figure right after the warm-up and at the end, as medians over equal numbers of readings.

    ``most`` is its maximum after the warm-up.
    """

    name: str
    first: float
    last: float
    most: float

    @property
    def growth(self) -> float:
        """Growth as a share of the first figure; 0 where that is 0."""
        return self.last / self.first - 1 if self.first else 0.0


def look(server: int, pending: Mapping[str, int], visits: int, at_s: float) -> Health:
    """Read what a server and its engine hold; ``pending`` is of ``leanwide.status``.

    Raises:
        psutil.Error: The server has ended.
    """
    process = psutil.Process(server)
    engine = engine_of(server)
    return Health(
        at_s=round(at_s, 1),
        visits=visits,
        server_rss=process.memory_info().rss,
        server_threads=process.num_threads(),
        server_descriptors=process.num_fds(),
        server_tasks=pending["tasks"],
        server_requests=pending["requests"],
        engine_rss=_read(engine, lambda process: process.memory_info().rss),
        engine_threads=_read(engine, psutil.Process.num_threads),
        engine_descriptors=_read(engine, psutil.Process.num_fds),
    )


def engine_of(server: int) -> psutil.Process | None:
    """Return the engine process of a server, if it has one."""
    for child in psutil.Process(server).children():
        try:
            if any(_ENGINE in part for part in child.cmdline()):
                return child
        except psutil.Error:
            continue
    return None


def levels(series: Sequence[Health], warm_up_s: float) -> tuple[ResourceLevel, ...]:
    """Compare each figure after the warm-up with the same figure at the end.

    Each side has a tenth of the readings after the warm-up, at least one; readings without an
    engine do not count.
    """
    settled = [reading for reading in series if reading.at_s >= warm_up_s and reading.engine_rss]
    if not settled:
        return ()
    span = max(1, len(settled) // 10)
    rows = [asdict(reading) for reading in settled]
    return tuple(
        ResourceLevel(
            name=name,
            first=statistics.median(row[name] for row in rows[:span]),
            last=statistics.median(row[name] for row in rows[-span:]),
            most=max(row[name] for row in rows),
        )
        for name in rows[0]
        if name not in ("at_s", "visits")
    )


def _read(process: psutil.Process | None, read: Callable[[psutil.Process], int]) -> int:
    """Return a figure of a process; 0 if it has ended."""
    if process is None:
        return 0
    try:
        return read(process)
    except psutil.Error:
        return 0
