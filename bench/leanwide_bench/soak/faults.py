"""Kills and stops the engine process at random moments, as a kernel short of memory may do."""

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
"""Shortest and longest time between two faults, in seconds."""
_STOPPED_S: Final = (0.2, 6.0)
"""Shortest and longest time that the engine is stopped, in seconds."""
_POLL_S: Final = 0.1
"""Seconds between two checks for an engine that is being restarted."""

Fault = Literal["kill", "stop"]


@frozen(kw_only=True)
class FaultPlan:
    """How often the engine is killed and stopped."""

    kills: int = 0
    stops: int = 0

    def faults(self, draw: random.Random) -> list[Fault]:
        """Return all faults in random order."""
        kills: list[Fault] = ["kill"] * self.kills
        stops: list[Fault] = ["stop"] * self.stops
        return draw.sample([*kills, *stops], self.kills + self.stops)


@define
class FaultCounts:
    """The faults so far."""

    kills: int = 0
    stops: int = 0


async def inject_faults(server: int, plan: FaultPlan, seed: int, counts: FaultCounts) -> None:
    """Inject all faults of a plan into the engine of a server, and count them."""
    draw = random.Random(seed)  # noqa: S311  # no secret
    for fault in plan.faults(draw):
        await asyncio.sleep(draw.uniform(*_BETWEEN_FAULTS_S))
        while (engine := engine_of(server)) is None:  # noqa: ASYNC110  # there is no event for it
            await asyncio.sleep(_POLL_S)
        with contextlib.suppress(psutil.Error):
            if fault == "kill":
                engine.send_signal(SIGKILL)
                counts.kills += 1
            else:
                with _stopped(engine):
                    await asyncio.sleep(draw.uniform(*_STOPPED_S))
                counts.stops += 1


@contextlib.contextmanager
def _stopped(process: psutil.Process) -> Iterator[None]:
    process.send_signal(SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(psutil.Error):
            process.send_signal(SIGCONT)
