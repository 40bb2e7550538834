"""A hub on this machine for editors: ``python -m tests.editors.hub`` prints its address.

It has one recommended model, whose bytes are the embedded one's. A line on stdin, ``slow`` or
``fast``, says whether its connections break again and again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from leanwide.models.embedded import embedded_model
from leanwide.models.registry import entries
from tests.models.loopback import Hub, serving

NAME: Final = "qwen2.5-coder-0.5b-q4_k_m"
ENTRY: Final = next(entry for entry in entries() if entry.name == NAME)


@contextmanager
def hub_of_editors() -> Iterator[Hub]:
    """Serve the model until the end of the block."""
    with serving(Hub(files={f"{ENTRY.repo}/{ENTRY.file}": embedded_model()})) as hub:
        yield hub


def slow_down(hub: Hub) -> None:
    """Let connections break, so that a pull takes longer than a test."""
    hub.cuts, hub.cut_after = 1_000, 100_000


if __name__ == "__main__":
    with hub_of_editors() as hub:
        print(hub.address, flush=True)
        for line in sys.stdin:
            if line.strip() == "slow":
                slow_down(hub)
            else:
                hub.cuts = 0
            print(line.strip(), flush=True)
