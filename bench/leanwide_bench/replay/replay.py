"""Replays traces through the real server, each in a new server, so that runs are independent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

from attrs import frozen

from leanwide_bench.replay.measure import ReplayRun, ReplaySummary, summarize
from leanwide_bench.replay.session import ServerSetup, session
from leanwide_bench.replay.traces import Trace
from leanwide_bench.replay.typist import Client, Typist


@frozen(kw_only=True)
class ReplayPlan:
    """The traces to play, in which clients, at which pace."""

    setup: ServerSetup
    clients: Sequence[Client]
    traces: Sequence[Trace]
    pace_ms: float
    """Milliseconds from key to key; 0 waits for each answer instead."""
    repeat: int
    """How often each trace is played."""

    def steps(self) -> Iterator[tuple[Client, Trace]]:
        """Yield every run, in order."""
        for client, trace, _ in product(self.clients, self.traces, range(self.repeat)):
            yield client, trace


@frozen(kw_only=True)
class ReplayResult:
    """The figures of one trace in one client; of all traces if ``trace`` is None."""

    client: str
    trace: Trace | None
    summary: ReplaySummary


@frozen(kw_only=True)
class Replay:
    """The result of a plan."""

    status: dict[str, Any]
    """The answer to ``leanwide.status`` at the end: model, lanes, expert counts."""
    results: Sequence[ReplayResult]
    """Client by client, traces first, then their total."""

    @property
    def misanswered_requests(self) -> int:
        """Number of requests that were not answered exactly once."""
        traces = (result for result in self.results if result.trace is not None)
        return sum(result.summary.misanswered_requests for result in traces)


async def replay(plan: ReplayPlan, tell: Callable[[str], None] = lambda _: None) -> Replay:
    """Play all traces; ``tell`` is called with a description of each run before it.

    Raises:
        ReplayError: The server cannot load the model, or has ended.
    """
    runs: dict[tuple[str, str], list[ReplayRun]] = {}
    status: dict[str, Any] = {}
    for client, trace in plan.steps():
        tell(f"{client.name}: {trace.title}")
        run, status = await _run(plan, client, trace)
        runs.setdefault((client.name, trace.name), []).append(run)
    results: list[ReplayResult] = []
    for client in plan.clients:
        by_trace = {trace.name: runs[client.name, trace.name] for trace in plan.traces}
        for trace in plan.traces:
            summary = summarize(by_trace[trace.name])
            results.append(ReplayResult(client=client.name, trace=trace, summary=summary))
        total = summarize([run for repeats in by_trace.values() for run in repeats])
        results.append(ReplayResult(client=client.name, trace=None, summary=total))
    return Replay(status=status, results=results)


async def _run(plan: ReplayPlan, client: Client, trace: Trace) -> tuple[ReplayRun, dict[str, Any]]:
    async with session(plan.setup, client.encoding) as server:
        played = await Typist(server, client, plan.pace_ms).play(trace)
        status: dict[str, Any] = await server.run("leanwide.status")
    # The answer to the shutdown request is the last one: the counts are final.
    never, twice = server.misanswered()
    run = ReplayRun(
        played=played, records=server.records, never_answered=never, answered_twice=twice
    )
    return run, status
