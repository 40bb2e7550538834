"""``leanwide bench soak``: hours of mixed work, to find leaks and lost requests."""

from __future__ import annotations

import asyncio
import random
import shutil
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from leanwide.cli.compose import argument_layer
from leanwide.cli.errors import UsageError
from leanwide.cli.measuring import print_tables
from leanwide.cli.terminal import say_json
from leanwide.cli.timebar import time_bar
from leanwide.engine.base import EngineError
from leanwide_bench.replay.rpc import ReplayError
from leanwide_bench.replay.session import SERVE, ServerSetup
from leanwide_bench.replay.traces import TraceDocument
from leanwide_bench.soak.faults import FaultPlan
from leanwide_bench.soak.report import as_data, as_tables
from leanwide_bench.soak.soak import SoakOutcome, SoakPlan
from leanwide_bench.soak.soak import soak as work

_DOCUMENTS: Final = 40
_DOCUMENT_BYTES: Final = range(2_000, 60_000)
"""Sizes of the files that are used."""


def soak(  # noqa: PLR0913  # an option each
    *,
    minutes: Annotated[float, typer.Option(min=0.1, help="How long to work.")] = 120.0,
    folder: Annotated[
        Path | None,
        typer.Option(help="Where Python files are taken from; the standard library by default."),
    ] = None,
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    pace: Annotated[float, typer.Option(min=1, help="Milliseconds a key.")] = 80.0,
    seed: Annotated[int, typer.Option(min=0, help="Another seed does other work.")] = 0,
    kills: Annotated[int, typer.Option(min=0, help="How often the engine is killed.")] = 0,
    stops: Annotated[int, typer.Option(min=0, help="How often it is stopped for a while.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Open, type, ask and close for hours; compare memory, threads and files early and late."""
    source = folder if folder is not None else Path(sysconfig.get_path("stdlib"))
    with tempfile.TemporaryDirectory(prefix="leanwide-soak-") as workspace:
        documents = tuple(_copied(source, Path(workspace), seed))
        plan = SoakPlan(
            setup=ServerSetup(
                command=SERVE,
                settings=argument_layer(model, None).values,
                root=Path(workspace),
            ),
            documents=documents,
            seconds=60 * minutes,
            pace_ms=pace,
            seed=seed,
            faults=FaultPlan(kills=kills, stops=stops),
        )
        outcome = _run(plan)
    if json:
        say_json(as_data(outcome))
    else:
        print_tables(*as_tables(outcome))
    if wrong := outcome.tally.unanswered + outcome.tally.answered_twice:
        raise EngineError(f"{wrong} requests were not answered exactly once")


def _run(plan: SoakPlan) -> SoakOutcome:
    try:
        with time_bar(plan.seconds) as show:
            return asyncio.run(work(plan, show))
    except ReplayError as error:
        raise EngineError(str(error)) from error


def _copied(source: Path, workspace: Path, seed: int) -> Iterator[TraceDocument]:
    """Copy some files into a workspace, and yield them as documents."""
    found = sorted(
        file for file in source.glob("**/*.py") if file.stat().st_size in _DOCUMENT_BYTES
    )
    if not found:
        raise UsageError(f"{source} has no Python file of 2 to 60 kB: name another --folder")
    draw = random.Random(seed)  # noqa: S311  # no secret
    for number, file in enumerate(draw.sample(found, min(_DOCUMENTS, len(found)))):
        copy = workspace / f"{number}_{file.name}"
        shutil.copyfile(file, copy)
        text = copy.read_text("utf-8", "replace")
        yield TraceDocument(name=copy.name, language="python", text=text)
