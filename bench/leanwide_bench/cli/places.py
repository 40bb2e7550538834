"""``leanwide bench places``: suggestions at new places, and how soon they come."""

from __future__ import annotations

import asyncio
import random
import sysconfig
from pathlib import Path
from typing import Annotated, Final

import typer

from leanwide.cli.compose import argument_layer, user_layers
from leanwide.cli.errors import UsageError
from leanwide.cli.measuring import options_of, print_tables, repository_at
from leanwide.cli.terminal import say_json
from leanwide.cli.timebar import time_bar
from leanwide.engine.base import EngineError
from leanwide.options import Options
from leanwide_bench.cli.completing import check_completes
from leanwide_bench.places.asking import PlaceAnswers, PlacesPlan, ask
from leanwide_bench.places.places import CompletionPlace, TasksError, places, tasks
from leanwide_bench.places.report import as_data, as_table, summary
from leanwide_bench.replay.peer import LlamaServer
from leanwide_bench.replay.rpc import ReplayError
from leanwide_bench.replay.session import SERVE, ServerSetup

_SECONDS_A_PLACE: Final = 10.0
"""First estimate for the progress bar."""


def bench_places(  # noqa: PLR0913  # an option each
    *,
    source: Annotated[
        Path | None,
        typer.Argument(
            help="A folder or file of code, or HumanEval-Infilling's single-line tasks "
            "(.jsonl or .jsonl.gz); the standard library by default."
        ),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Places to complete.")] = 100,
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    peer: Annotated[str, typer.Option(metavar="URL", help="A llama-server to compare with.")] = "",
    rest: Annotated[
        float, typer.Option(min=0, help="Seconds that the cursor rests before the first request.")
    ] = 0.0,
    pause: Annotated[float, typer.Option(min=0, help="Seconds until the second request.")] = 3.0,
    seed: Annotated[int, typer.Option(min=0, help="Another seed takes other places.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Remove lines from files, complete them as an editor does, and compare with the truth."""
    options = options_of(model, user_layers())
    check_completes(options)
    chosen = _drawn(source, options, count, seed)
    setup = ServerSetup(command=SERVE, settings=argument_layer(model, None).values)
    try:
        asked = LlamaServer(peer) if peer else None
        plan = PlacesPlan(setup=setup, places=chosen, rest_s=rest, pause_s=pause, peer=asked)
        answered = _asked(plan)
    except ReplayError as error:
        raise EngineError(str(error)) from error
    found = summary(answered)
    if json:
        say_json(as_data(found, answered, model.name if model else "the model that is set"))
    else:
        print_tables(as_table(found))


def _asked(plan: PlacesPlan) -> list[PlaceAnswers]:
    seconds = _SECONDS_A_PLACE * len(plan.places)
    with time_bar(seconds) as show:
        return asyncio.run(ask(plan, lambda doing, share: show(doing, seconds * (1 - share))))


def _drawn(source: Path | None, options: Options, count: int, seed: int) -> list[CompletionPlace]:
    """Draw places; the same seed draws the same ones.

    Raises:
        UsageError: The source has no place.
    """
    folder = source if source is not None else Path(sysconfig.get_path("stdlib"))
    if folder.suffix in {".gz", ".jsonl"}:
        try:
            found = [task.place for task in tasks(folder)]
        except (OSError, TasksError) as error:
            raise UsageError(str(error)) from error
    else:
        found = list(places(repository_at(folder, options).holes))
    if not found:
        raise UsageError(f"{folder} has no line to complete: give a folder of code")
    draw = random.Random(seed)  # noqa: S311  # no secret
    return draw.sample(found, min(count, len(found)))
