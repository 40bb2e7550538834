"""Decoding speed while other processes use every core: fixed thread counts against the learned one.

Run with ``make bench``. Each case decodes with the embedded model, on a quiet machine or with one
busy process per core; ``extra_info`` has the median milliseconds per token.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from leanwide.cli.compose import model_spec
from leanwide.engine.process.job import Job
from leanwide.engine.process.lane import Lane
from leanwide.engine.process.lanes import Lanes
from leanwide.engine.process.threads import ThreadChoice
from leanwide.engine.requests import Piece, Priority, Request
from leanwide.options import parse

CORES = multiprocessing.cpu_count()


@attrs.frozen
class Fixed:
    """Always chooses the same thread count."""

    count: int
    trying: bool = False

    def pick(self) -> int:
        return self.count

    def learn(self, count: int, ms: float) -> None:
        del count, ms


def burn() -> None:
    while True:
        pass


@pytest.fixture(params=["quiet", "busy"])
def load(request: pytest.FixtureRequest) -> Iterator[str]:
    busy = range(CORES if request.param == "busy" else 0)
    burners = [multiprocessing.Process(target=burn, daemon=True) for _ in busy]
    for burner in burners:
        burner.start()
    yield request.param
    for burner in burners:
        burner.kill()
        burner.join()


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    options, _ = parse()
    lane, _ = Lanes(model_spec(options), lambda _: None).lane("lean")
    yield lane
    lane.close()


def decode(lane: Lane, number: int) -> list[float]:
    """Return the milliseconds of each token of one generation."""
    request = Request(
        lane="lean",
        prompt=(f"def function_{number}(argument):\n    return",),
        priority=Priority.INTERACTIVE,
        max_tokens=24,
        deadline_ms=60_000,
    )
    took, before = [], time.perf_counter()
    for step in lane.run(Job(request=request, arrived=time.monotonic(), cancelled=lambda: False)):
        now = time.perf_counter()
        if isinstance(step, Piece):
            took.append(1000 * (now - before))
        before = now
    return took


@pytest.mark.parametrize(
    "choice", [Fixed(CORES), Fixed(1), ThreadChoice(CORES)], ids=["all", "one", "learned"]
)
def test_milliseconds_per_token(
    benchmark: Any, monkeypatch: pytest.MonkeyPatch, lane: Lane, load: str, choice: Any
):
    monkeypatch.setattr(lane.kv, "_decode_threads", choice)
    took: list[float] = []
    rounds = iter(range(1000))
    benchmark.pedantic(lambda: took.extend(decode(lane, next(rounds))), rounds=4, warmup_rounds=1)
    benchmark.extra_info["load"] = load
    benchmark.extra_info["median_ms"] = round(statistics.median(took), 2)
    benchmark.extra_info["p95_ms"] = round(sorted(took)[int(len(took) * 0.95)], 2)
    print(choice, benchmark.extra_info)
