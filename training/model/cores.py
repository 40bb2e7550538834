"""How many threads to compute with at this moment."""

from pathlib import Path
from typing import Final

SYSTEM: Final = Path("/proc/loadavg")
OWN: Final = Path("/proc/self/task")


def free_threads(most: int) -> int:
    """Return `most`, less the threads of other processes that are running now, and at least 1.

    Threads wait for each other many times in a step: one that gets no core holds up all. Where the
    kernel does not say, nobody else is assumed.
    """
    try:
        running = int(SYSTEM.read_text().split()[3].split("/")[0])
    except OSError:
        return most
    return max(1, most - max(0, running - _own_running()))


def _own_running() -> int:
    """Count this process's running threads: one that waits for work may still be spinning."""
    return sum(_state(thread / "stat") == "R" for thread in OWN.iterdir())


def _state(stat: Path) -> str:
    try:
        return stat.read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"
