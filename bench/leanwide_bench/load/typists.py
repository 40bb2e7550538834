"""Lets several users type at once, each in an editor window of their own, on one engine."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from itertools import cycle, islice
from pathlib import Path
from typing import Final

import attrs
from attrs import frozen

from leanwide.engine.child_process import memory_of
from leanwide.engine.host.running import RunningEngine, running_engines, stop
from leanwide_bench.replay.measure import ReplayRun, ReplaySummary, Spread, spread, summarize
from leanwide_bench.replay.session import ServerSession, ServerSetup, session
from leanwide_bench.replay.traces import Trace
from leanwide_bench.replay.typist import VSCODE, PlayedTrace, Typist

_BEGIN_WITHIN_S: Final = 2.0
"""Typists begin at random moments within this time."""


@frozen(kw_only=True)
class LoadPlan:
    """Who types what."""

    setup: ServerSetup
    traces: Sequence[Trace]
    """Typists take them in turn, one each."""
    pace_ms: float
    """Milliseconds from key to key."""
    counts: Sequence[int]
    """Numbers of typists, measured one after the other."""
    seed: int


@frozen(kw_only=True)
class LoadResult:
    """The figures of some typists who typed at once."""

    typists: int
    summary: ReplaySummary
    """Of all of them."""
    medians_ms: Spread | None
    """From the key to the answer: the median of each typist."""
    engines: Sequence[RunningEngine]
    """Those at the end: one, where all share it."""
    server_bytes: int
    """Of all servers together, pages shared with others counted in part."""


async def measure_load(
    plan: LoadPlan, tell: Callable[[str], None] = lambda _: None
) -> list[LoadResult]:
    """Return the figures for each number of typists; ``tell`` gets a word before each.

    Raises:
        ReplayError: A server cannot load the model, or has ended.
    """
    results = []
    for count in plan.counts:
        tell(f"{count} typing")
        with tempfile.TemporaryDirectory(prefix="leanwide-", ignore_cleanup_errors=True) as folder:
            setup = attrs.evolve(plan.setup, runtime=Path(folder))
            results.append(await _measure(attrs.evolve(plan, setup=setup), count))
    return results


async def _measure(plan: LoadPlan, count: int) -> LoadResult:
    """Open a window for each typist, let all type, and look at the processes at the end."""
    assert plan.setup.runtime is not None  # noqa: S101  # set by measure_load
    engines: Sequence[RunningEngine] = ()
    try:
        async with AsyncExitStack() as stack:
            windows = [
                await stack.enter_async_context(session(plan.setup, VSCODE.encoding))
                for _ in range(count)
            ]
            chance = random.Random(plan.seed)  # noqa: S311  # no secret
            traces = islice(cycle(plan.traces), count)
            typing = [
                _type(window, trace, plan.pace_ms, chance.uniform(0, _BEGIN_WITHIN_S))
                for window, trace in zip(windows, traces, strict=True)
            ]
            played = await asyncio.gather(*typing)
            engines = await running_engines(plan.setup.runtime / "leanwide")
            memory = [await asyncio.to_thread(memory_of, each.process_id) for each in windows]
        runs = [_run(window, one) for window, one in zip(windows, played, strict=True)]
    finally:
        for engine in engines:
            stop(engine)
    medians = [summarize([run]).answers.key_to_answer_ms for run in runs]
    return LoadResult(
        typists=count,
        summary=summarize(runs),
        medians_ms=spread(one.p50 for one in medians if one is not None),
        engines=engines,
        server_bytes=sum(memory),
    )


async def _type(window: ServerSession, trace: Trace, pace_ms: float, wait_s: float) -> PlayedTrace:
    await asyncio.sleep(wait_s)
    return await Typist(window, VSCODE, pace_ms).play(trace)


def _run(window: ServerSession, played: PlayedTrace) -> ReplayRun:
    """Return what one typist did; the window is closed, so that no answer is still to come."""
    never, twice = window.misanswered()
    return ReplayRun(
        played=played, records=window.records, never_answered=never, answered_twice=twice
    )
