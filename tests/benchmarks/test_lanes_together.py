"""The cost of two lanes: memory, latency, and whether one changes the other's output.

Run with ``make bench``; the figures go to ``extra_info``.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Coroutine
from itertools import count, islice
from pathlib import Path
from typing import Any

import psutil
import pytest
from lsprotocol import types
from tests.e2e.session import END, Session, session
from tests.e2e.test_explain import METHOD, explain, idle, start, streamed

pytestmark = pytest.mark.usefixtures("only_by_hand")

LINE = "value = self.settings[name] or default"
EXPLANATIONS = 200
SETTLED = 20
"""Explanations after which the process should not grow."""
SHORT = {"modes": {"think": {"output_tokens": 24}}}
LONG = {"modes": {"think": {"output_tokens": 900}}}
SPANS = (METHOD, types.Range(types.Position(3, 0), types.Position(7, 0)))


def measured(
    benchmark: Any, work: Callable[[], Coroutine[Any, Any, dict[str, float]]]
) -> dict[str, float]:
    """Run ``work`` once; return its figures and add them to ``extra_info``."""
    figures: dict[str, float] = {}
    benchmark.pedantic(lambda: figures.update(asyncio.run(work())), rounds=1)
    benchmark.extra_info.update(figures)
    print(figures)
    return figures


async def type_line(editor: Session, uri: str, line: str = LINE) -> list[float]:
    """Type a line, wait for each key's answer, and delete the line.

    Returns the milliseconds of each key that needed the model.
    """
    at, took = END, []
    for key in line:
        at = editor.insert(uri, at, key)
        pressed = time.perf_counter()
        await editor.complete(uri, at)
        ms = 1000 * (time.perf_counter() - pressed)
        records = await editor.command("leanwide.lastRequest")
        newest = next(record for record in reversed(records) if record.mode == "code")
        if newest.source in ("model", "in flight"):
            took.append(ms)
    editor.change(uri, types.Range(END, at), "")
    return took


async def memory_of_a_second_lane() -> dict[str, float]:
    """Return the bytes that the engine grows by when the wide lane is opened and used."""
    async with session(SHORT) as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        await type_line(editor, uri)
        await idle(editor)
        one_lane = (await editor.status()).memoryBytes
        await explain(editor, uri)
        await idle(editor)
        status = await editor.status()
        wide = next(lane for lane in status.lanes if lane.name == "wide")
        size = Path(status.model.path).stat().st_size
        return {
            "pss_one_lane": one_lane,
            "pss_grew": status.memoryBytes - one_lane,
            "predicted": wide.predictedBytes,
            "measured_by_llama": wide.measuredBytes,
            "model_file": size,
            "allowed": wide.predictedBytes + 0.02 * size,
        }


def test_a_second_lane_costs_no_weights(benchmark: Any):
    figures = measured(benchmark, memory_of_a_second_lane)
    assert figures["pss_grew"] <= figures["allowed"]


async def many_explanations() -> dict[str, float]:
    """Explain and type in alternation; return memory early and late, and sequences lost at the end.

    Without idle work, which would use sequences of the lean lane at any time.
    """
    async with session({**SHORT, "completion": {"look_ahead": False}}) as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        early = 0
        engine = psutil.Process(await editor.engine_process())
        for number in range(EXPLANATIONS):
            asked = start(editor, uri, SPANS[number % 2])
            await type_line(editor, uri)
            await asked
            if number + 1 == SETTLED:
                early = engine.memory_info().rss
        await idle(editor)
        late = engine.memory_info().rss
        return {"rss_early": early, "rss_late": late, "slots_lost": await lost_slots(editor)}


def unlike(name: str) -> str:
    """Return a document that shares no beginning with one of another name."""
    functions = (f"def {name}_{number}({name}):\n    return {number}\n" for number in range(24))
    return f"{''.join(functions)}\n"


async def lost_slots(editor: Session) -> int:
    """Return the number of sequences that do not keep a prompt any more."""
    lost = 0
    uris = [editor.open(unlike(name), f"{name}.py") for name in ("ant", "bee", "cat", "dog")]
    end = types.Position(49, 0)
    for key in "xy":
        for uri in uris:
            after = editor.insert(uri, end, key)
            await editor.complete(uri, after)
            reused = (await editor.last_request()).tokensReused
            lost += key == "y" and not reused
            editor.change(uri, types.Range(end, after), "")
            await idle(editor)
    whole = types.Range(types.Position(0, 0), end)
    for again in (False, True):
        for uri in uris[:2]:
            stats = (await explain(editor, uri, whole))["stats"]
            lost += again and stats["tokensEvaluated"] > 8
    return lost


def test_many_explanations_leave_memory_and_slots_as_they_were(benchmark: Any):
    figures = measured(benchmark, many_explanations)
    assert figures["rss_late"] <= 1.05 * figures["rss_early"]
    assert figures["slots_lost"] == 0


async def typing_during_an_explanation() -> dict[str, float]:
    """Return the time from key to answer on an idle engine and during an explanation."""
    async with session(LONG) as editor:
        uri, other = editor.open(), editor.open(name="other.py")
        await editor.complete_when_ready(uri, END)
        await explain(editor, other)
        lines = (f"value_{number} = self.settings[name_{number}] or {number}" for number in count())
        quiet = [ms for line in islice(lines, 5) for ms in await type_line(editor, uri, line)]
        during: list[float] = []
        steps = []
        for number in range(5):
            asked = start(editor, other, streamToken=f"n{number}")
            while not streamed(editor, f"n{number}"):
                await asyncio.sleep(0.001)
            while not asked.done():
                during += await type_line(editor, uri, next(lines))
            stats = (await asked)["stats"]
            steps.append(stats["ms"] / max(1, stats["tokensGenerated"]))
        return {
            "key_p50_quiet_ms": round(statistics.median(quiet), 2),
            "key_p50_during_ms": round(statistics.median(during), 2),
            "wide_step_ms": round(statistics.median(steps), 2),
            "keys_quiet": len(quiet),
            "keys_during": len(during),
        }


def test_a_key_waits_for_one_wide_step_at_most(benchmark: Any):
    measured(benchmark, typing_during_an_explanation)


async def equal_explanations(threads: int) -> dict[str, float]:
    """Return how many explanations of a cached prompt are equal, alone and with typing."""
    equal_typing = equal_alone = 0
    async with session({**LONG, "model": {"threads": threads}}) as editor:
        uri, other = editor.open(), editor.open(name="other.py")
        await editor.complete_when_ready(uri, END)
        for number in range(EXPLANATIONS // 10):
            span = SPANS[number % 2]
            await explain(editor, other, span)  # now the prompt is in the cache
            alone = [(await explain(editor, other, span))["markdown"] for _ in range(2)]
            asked = start(editor, other, span)
            await type_line(editor, uri)
            equal_typing += (await asked)["markdown"] == alone[0]
            equal_alone += alone[0] == alone[1]
    return {
        "explanations": EXPLANATIONS // 10,
        "equal_with_typing": equal_typing,
        "equal_alone": equal_alone,
    }


@pytest.mark.parametrize("threads", [1, 2])
def test_typing_does_not_change_an_explanation(benchmark: Any, threads: int):
    """With several threads their number is learned, which changes llama.cpp's order of sums."""
    figures = measured(benchmark, lambda: equal_explanations(threads))
    if threads == 1:
        assert figures["equal_with_typing"] == figures["explanations"]
