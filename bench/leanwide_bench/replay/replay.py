"""Replays traces through the real server, each in a server of its own: no run knows another."""

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
    """What to replay."""

    setup: ServerSetup
    clients: Sequence[Client]
    traces: Sequence[Trace]
    pace_ms: float
    """Milliseconds from key to key; 0 presses the next key when the answer is there."""
    repeat: int
    """How often each trace is played."""

    def steps(self) -> Iterator[tuple[Client, Trace]]:
        """Every run, in order."""
        for client, trace, _ in product(self.clients, self.traces, range(self.repeat)):
            yield client, trace


@frozen(kw_only=True)
class ReplayResult:
    """The figures of one trace in one client; of all traces where ``trace`` is None."""

    client: str
    trace: Trace | None
    summary: ReplaySummary


@frozen(kw_only=True)
class Replay:
    """What a plan led to."""

    status: dict[str, Any]
    """What ``leanwide.status`` said at the end: model, lanes, expert counts."""
    results: Sequence[ReplayResult]
    """Client by client, traces first, then their total."""

    @property
    def unfair_requests(self) -> int:
        """Requests that were not answered exactly once."""
        return sum(one.summary.unfair_requests for one in self.results if one.trace is not None)


async def replay(plan: ReplayPlan, tell: Callable[[str], None] = lambda _: None) -> Replay:
    """Play everything; ``tell`` is called with a few words before each run.

    Raises:
        ReplayError: The server cannot load the model, or ended.
    """
    runs: dict[tuple[str, str], list[ReplayRun]] = {}
    status: dict[str, Any] = {}
    for client, trace in plan.steps():
        tell(f"{client.name}: {trace.title}")
        run, status = await _run(plan, client, trace)
        runs.setdefault((client.name, trace.name), []).append(run)
    results: list[ReplayResult] = []
    for client in plan.clients:
        mine = {trace.name: runs[client.name, trace.name] for trace in plan.traces}
        for trace in plan.traces:
            summary = summarize(mine[trace.name])
            results.append(ReplayResult(client=client.name, trace=trace, summary=summary))
        total = summarize([run for part in mine.values() for run in part])
        results.append(ReplayResult(client=client.name, trace=None, summary=total))
    return Replay(status=status, results=results)


async def _run(plan: ReplayPlan, client: Client, trace: Trace) -> tuple[ReplayRun, dict[str, Any]]:
    async with session(plan.setup, client.encoding) as server:
        played = await Typist(server, client, plan.pace_ms).play(trace)
        status: dict[str, Any] = await server.run("leanwide.status")
    # After the shutdown was answered nothing more comes: the counts are final.
    never, twice = server.unfair()
    run = ReplayRun(
        played=played, records=server.records, never_answered=never, answered_twice=twice
    )
    return run, status
