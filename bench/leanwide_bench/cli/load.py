"""``leanwide bench load``: many windows on one engine."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from leanwide.cli.compose import argument_layer
from leanwide.cli.console import TextConsole
from leanwide.cli.errors import UsageError
from leanwide.cli.measuring import print_tables
from leanwide.cli.terminal import say_json
from leanwide.engine.base import EngineError
from leanwide_bench.load.report import as_data, as_table
from leanwide_bench.load.typists import LoadPlan, LoadResult, measure_load
from leanwide_bench.replay.rpc import ReplayError
from leanwide_bench.replay.session import SERVE, ServerSetup
from leanwide_bench.replay.traces import NAMES, load


def bench_load(
    *,
    typists: Annotated[
        str, typer.Option(metavar="N,N…", help="How many type at once, one run for each number.")
    ] = "1,5,20",
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    pace: Annotated[float, typer.Option(min=1, help="Milliseconds a key.")] = 200.0,
    seed: Annotated[int, typer.Option(min=0, help="Another seed lets them begin differently.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Let several users type at once, each in an editor window, on one shared engine."""
    plan = LoadPlan(
        setup=ServerSetup(command=SERVE, settings=argument_layer(model, None).values),
        traces=[load(name) for name in NAMES],
        pace_ms=pace,
        counts=_counts(typists),
        seed=seed,
    )
    results = _measured(plan)
    if json:
        say_json({"pace_ms": pace, "results": as_data(results)})
    else:
        print_tables(as_table(results))
    if wrong := sum(result.summary.misanswered_requests for result in results):
        raise EngineError(f"{wrong} requests were not answered exactly once")


def _counts(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) for part in parts):
        raise UsageError(f"--typists {text!r} is not a list of numbers such as 1,5,20")
    return [int(part) for part in parts]


def _measured(plan: LoadPlan) -> list[LoadResult]:
    console = TextConsole(stderr=True)
    try:
        with console.status("starting", spinner=console.spinner, refresh_per_second=2) as status:
            return asyncio.run(measure_load(plan, status.update))
    except ReplayError as error:
        raise EngineError(str(error)) from error
