"""What a second window costs where windows share an engine. Run with ``make bench``.

The model has random weights and layers like those of Qwen3-Coder-30B-A3B, three of them, 700 MB.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import psutil
import pytest
from tests.e2e.session import END, Session, session

from leanwide_bench.synthetic.shapes import THIRTY_BILLION
from leanwide_bench.synthetic.synthetic import Recipe, write

pytestmark = pytest.mark.usefixtures("only_by_hand")

SHAPE = attrs.evolve(THIRTY_BILLION, layers=3, experts=64, vocabulary=32_768, context=32_768)


async def ready(editor: Session) -> float:
    """Wait until the engine has its model; return the time."""
    while (await editor.status()).state != "idle":
        await asyncio.sleep(0.005)
    return time.perf_counter()


async def second_window(model: Path, engine: Callable[[str], Any]) -> dict[str, float]:
    """Open a window, complete in it, and open another; return milliseconds and megabytes."""
    options = {"model": {"path": str(model)}}
    async with session(options=options) as first:
        uri = first.open()  # an engine starts for the first document
        await ready(first)
        await first.complete(uri, END)
        (running,) = (await asyncio.to_thread(engine, "list"))["engines"]
        process = psutil.Process(running["process"])
        one = process.memory_info().rss
        began = time.perf_counter()
        async with session(options=options) as second:
            initialized = time.perf_counter()
            second.open()
            usable = await ready(second)
            two = process.memory_info().rss
            (shared,) = (await asyncio.to_thread(engine, "list"))["engines"]
            assert shared["windows"] == 2
            return {
                "start_to_ready_ms": 1000 * (usable - began),
                "initialized_to_ready_ms": 1000 * (usable - initialized),
                "engine_mb": one / 1e6,
                "more_mb": (two - one) / 1e6,
                "more_of_file": (two - one) / model.stat().st_size,
            }


def test_a_second_window(benchmark: Any, tmp_path: Path, engine: Callable[[str], Any]):
    model = tmp_path / "three-layers.gguf"
    write(model, Recipe(shape=SHAPE))
    found: list[dict[str, float]] = []
    benchmark.pedantic(lambda: found.append(asyncio.run(second_window(model, engine))), rounds=1)
    benchmark.extra_info.update({name: round(value, 4) for name, value in found[0].items()})
    print(benchmark.extra_info)
