"""Kills and stops the engine process at random moments, as the kernel and debuggers do."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterator
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Final, Literal

import psutil
from attrs import define, frozen

from leanwide_bench.soak.health import engine_of

_BETWEEN_FAULTS_S: Final = (1.0, 8.0)
"""Seconds between two blows: shortest and longest."""
_STOPPED_S: Final = (0.2, 6.0)
"""Seconds that a stopped engine stands still."""
_POLL_S: Final = 0.1
"""Seconds between two looks for an engine that is being started again."""

Fault = Literal["kill", "stop"]


@frozen(kw_only=True)
class FaultPlan:
    """How often the engine is struck."""

    kills: int = 0
    stops: int = 0

    def blows(self, draw: random.Random) -> list[Fault]:
        """Return every blow, in random order."""
        blows: list[Fault] = [*["kill"] * self.kills, *["stop"] * self.stops]  # type: ignore[list-item]
        draw.shuffle(blows)
        return blows


@define
class FaultCounts:
    """What was done so far."""

    kills: int = 0
    stops: int = 0


async def inject_faults(server: int, harm: FaultPlan, seed: int, struck: FaultCounts) -> None:
    """Strike until all blows are dealt."""
    draw = random.Random(seed)  # noqa: S311  # no secret
    for blow in harm.blows(draw):
        await asyncio.sleep(draw.uniform(*_BETWEEN_FAULTS_S))
        while (engine := engine_of(server)) is None:  # noqa: ASYNC110  # no event tells of it
            await asyncio.sleep(_POLL_S)
        with contextlib.suppress(psutil.Error):
            if blow == "kill":
                engine.send_signal(SIGKILL)
                struck.kills += 1
            else:
                with _standing_still(engine):
                    await asyncio.sleep(draw.uniform(*_STOPPED_S))
                struck.stops += 1


@contextlib.contextmanager
def _standing_still(process: psutil.Process) -> Iterator[None]:
    process.send_signal(SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(psutil.Error):
            process.send_signal(SIGCONT)
