"""How long the event loop is held: the processor time of its thread in each callback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from attrs import define


@define
class Held:
    """What was measured so far."""

    longest: float = 0.0
    """Seconds of the longest callback."""
    where: str = ""
    silence: float = 0.0
    """Seconds for which nothing else was done, also because another thread held Python's lock."""


@contextmanager
def watched(patch: pytest.MonkeyPatch) -> Iterator[Held]:
    """Measure every callback of event loops in this thread."""
    held, usual = Held(), asyncio.Handle._run

    def run(handle: Any) -> None:
        began = time.thread_time()
        usual(handle)
        took = time.thread_time() - began
        if took > held.longest:
            held.longest, held.where = took, repr(handle)

    with patch.context() as inner:
        inner.setattr(asyncio.Handle, "_run", run)
        yield held
