"""The number of threads to compute with at the moment."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SYSTEM: Final = Path("/proc/loadavg")
OWN: Final = Path("/proc/self/task")


def free_threads(most: int) -> int:
    """Return ``most`` minus the number of running threads of other processes, and at least 1.

    Threads wait for each other many times in a step: one without a core delays all. Without
    ``/proc/loadavg``, no other process is assumed to run.
    """
    try:
        running = int(SYSTEM.read_text().split()[3].split("/")[0])
    except OSError:
        return most
    return max(1, most - max(0, running - _own_running()))


def _own_running() -> int:
    """Return the number of this process's running threads; waiting ones may still spin."""
    return sum(_state(thread / "stat") == "R" for thread in OWN.iterdir())


def _state(stat: Path) -> str:
    try:
        return stat.read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"
