"""How many threads to compute with at this moment."""

from pathlib import Path
from typing import Final

LOAD: Final = Path("/proc/loadavg")


def free_threads(most: int) -> int:
    """Return `most`, less the threads of others that are running now, and at least 1.

    Threads wait for each other many times in a step: one that gets no core holds up all. Call
    while this process runs on one thread. Where the kernel does not say, nobody else is assumed.
    """
    try:
        running = int(LOAD.read_text().split()[3].split("/")[0])
    except OSError:
        return most
    return max(1, most - max(0, running - 1))
