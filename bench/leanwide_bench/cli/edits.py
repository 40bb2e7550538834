"""``leanwide bench edits``: edits of given files, judged by rules, and the bare model's beside."""

from __future__ import annotations

import asyncio
import json as json_format
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import attrs
import typer

from leanwide.cli.compose import argument_layer, model_spec, user_layers
from leanwide.cli.errors import UsageError
from leanwide.cli.measuring import options_of, print_tables
from leanwide.cli.terminal import say_json
from leanwide.cli.timebar import time_bar
from leanwide.engine.base import EngineError
from leanwide.options.model_files import model_path
from leanwide_bench.edits.asking import EditResult, EditsPlan, ask, read_results
from leanwide_bench.edits.report import as_data, as_tables
from leanwide_bench.edits.tasks import LANGUAGES, EditTask, draw
from leanwide_bench.replay.rpc import ReplayError
from leanwide_bench.replay.session import SERVE, ServerSetup

_SECONDS_AN_EDIT: Final = 40.0
"""First estimate for the progress bar."""


def bench_edits(  # noqa: PLR0913  # an option each
    *,
    files: Annotated[Path, typer.Option(help="A folder of sources; scripts/fetch_sources.py.")],
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Edits of each language.")] = 10,
    language: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[=COUNT]", help=f"Any of {', '.join(LANGUAGES)}; all of them."),
    ] = None,
    bare: Annotated[
        bool, typer.Option(" /--no-bare", show_default=False, help="Leave the bare model out.")
    ] = True,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep each result here, and go on from what is there."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws other places.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Ask for edits over LSP and of the bare model in a chat, and judge both by the same rules."""
    tasks = _drawn(files, _counts(language or LANGUAGES, count), seed)
    options = options_of(model, user_layers())
    name = model_path(options).name
    plan = EditsPlan(
        setup=ServerSetup(command=SERVE, settings=argument_layer(model, None).values),
        spec=model_spec(options) if bare else None,
        model=name,
        tasks=tasks,
        done=_kept(keep, tasks, name),
        keep=lambda result: _append(keep, result),
    )
    results = _asked(plan, keep)
    if json:
        say_json(as_data(results, name, seed))
    else:
        print_tables(*as_tables(results))


def _asked(plan: EditsPlan, keep: Path | None) -> list[EditResult]:
    """Do the tasks with a progress bar.

    Raises:
        EngineError: The server or model failed, or the user stopped it.
    """
    seconds = _SECONDS_AN_EDIT * len(plan.tasks) * (2 if plan.spec is not None else 1)
    try:
        with time_bar(seconds) as show:
            return asyncio.run(ask(plan, lambda doing, share: show(doing, seconds * (1 - share))))
    except ReplayError as error:
        raise EngineError(str(error)) from error
    except KeyboardInterrupt:
        left = f"the same command goes on from {keep}" if keep else "--keep FILE keeps results"
        raise EngineError(f"stopped: {left}") from None


def _counts(languages: Sequence[str], count: int) -> Mapping[str, int]:
    """Return the edits of each language.

    Raises:
        UsageError: There is no such language, or a count is no number.
    """
    counts: dict[str, int] = {}
    for wish in languages:
        name, _, own = wish.partition("=")
        if name not in LANGUAGES or not (own or "1").isdecimal():
            raise UsageError(
                f"--language {wish!r} is none of {', '.join(LANGUAGES)}, with =COUNT or without"
            )
        counts[name] = int(own) if own else count
    return counts


def _drawn(files: Path, counts: Mapping[str, int], seed: int) -> list[EditTask]:
    """Draw tasks.

    Raises:
        UsageError: The folder has none.
    """
    tasks = draw(files, counts, seed)
    if not tasks:
        raise UsageError(
            f"{files} has no function of 4 to 30 lines in {', '.join(counts)}: give a folder of "
            "sources, such as scripts/fetch_sources.py fetches"
        )
    return tasks


def _kept(keep: Path | None, tasks: Sequence[EditTask], model: str) -> list[EditResult]:
    """Return what a model made of these tasks in an earlier run.

    Raises:
        UsageError: The file holds something else.
    """
    if keep is None:
        return []
    wanted = {task.key for task in tasks}
    try:
        found = read_results(keep)
    except (OSError, ValueError) as error:
        raise UsageError(str(error)) from error
    return [result for result in found if result.task in wanted and result.model == model]


def _append(keep: Path | None, result: EditResult) -> None:
    if keep is not None:
        with keep.open("a", encoding="utf-8") as file:
            file.write(json_format.dumps(attrs.asdict(result)) + "\n")
