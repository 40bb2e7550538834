"""``leanwide bench next-edit``: proposed edits at what authors did next."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from leanwide.cli.compose import argument_layer, user_layers
from leanwide.cli.console import TextConsole
from leanwide.cli.errors import UsageError
from leanwide.cli.measuring import options_of, print_tables
from leanwide.cli.terminal import note, say_json
from leanwide.engine.base import EngineError
from leanwide.options.model_files import model_path
from leanwide.syntax import languages
from leanwide_bench.next_edit.asking import NextEditResult, ask
from leanwide_bench.next_edit.drawing import (
    CaseDraw,
    CaseScope,
    CaseSource,
    CommitHistory,
    FetchedReleases,
    FolderPair,
    OwnScenarios,
    drawn,
)
from leanwide_bench.next_edit.git_history import GitError
from leanwide_bench.next_edit.proposing import WITH_MODEL, WITHOUT_MODEL, through, without_model
from leanwide_bench.next_edit.releases import LISTING, ReleasesError
from leanwide_bench.next_edit.report import as_data, as_tables
from leanwide_bench.replay.rpc import ReplayError
from leanwide_bench.replay.session import SERVE, ServerSetup, session


def bench_next_edit(  # noqa: PLR0913  # an option each
    *,
    source: Annotated[
        Path | None,
        typer.Argument(
            help="A git repository, or a folder of releases (scripts/fetch_releases.py); "
            "scenarios written for this benchmark by default."
        ),
    ] = None,
    between: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="OLD NEW", help="Two folders instead, such as two releases."),
    ] = None,
    across: Annotated[
        bool, typer.Option("--across", help="Edit one file, and look at another that is open.")
    ] = False,
    count: Annotated[int, typer.Option(min=1, help="Most cases.")] = 1_000,
    moments: Annotated[int, typer.Option(min=1, help="Most cases of one changed file.")] = 1,
    language: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Files of this language; all of them.")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    judge: Annotated[
        bool, typer.Option(" /--no-model", show_default=False, help="Leave the model out.")
    ] = True,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, metavar="NATS", help="Instead of next_edit.threshold_nats."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws other moments.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Propose next edits after some hunks of a change, and compare with the others."""
    if across and source is None and between is None:
        raise UsageError("--across needs files that changed together: a repository, or releases")
    draw = CaseDraw(
        source=_source(source, between),
        scope=CaseScope.OTHER_FILE if across else CaseScope.SAME_FILE,
        languages=_named(language or ()),
        moments=moments,
        most=count,
        seed=seed,
    )
    settings = dict(argument_layer(model, None).values)
    if threshold is not None:
        settings["next_edit"] = {"threshold_nats": threshold}
    setup = ServerSetup(command=SERVE, settings=settings) if judge else None
    results = _measured(draw, setup)
    if json:
        options = options_of(model, user_layers())
        say_json(as_data(results, model_path(options).name if judge else "", seed))
    else:
        print_tables(*as_tables(results))


def _measured(draw: CaseDraw, setup: ServerSetup | None) -> list[NextEditResult]:
    """Return the results, those until then where the user stops it.

    Raises:
        UsageError: There are no cases.
        EngineError: The server fails, or the user stops it before there is a result.
    """
    results: list[NextEditResult] = []
    try:
        asyncio.run(_measure(draw, setup, results))
    except ReplayError as error:
        raise EngineError(str(error)) from error
    except (GitError, OSError, ReleasesError) as error:
        raise UsageError(str(error)) from error
    except KeyboardInterrupt:
        if not results:
            raise EngineError("stopped: there is no result") from None
        note("stopped: the figures are of the cases until then")
    if not results:
        raise UsageError("there is no changed file to draw cases from")
    return results


async def _measure(
    draw: CaseDraw, setup: ServerSetup | None, results: list[NextEditResult]
) -> None:
    async with AsyncExitStack() as stack:
        ways = {name: without_model(is_shown) for name, is_shown in WITHOUT_MODEL.items()}
        if setup is not None:
            ways[WITH_MODEL] = through(await stack.enter_async_context(session(setup, "utf-8")))
        bar = stack.enter_context(_bar())
        row = bar.add_task("", total=draw.most * len(ways))
        async for result in ask(drawn(draw), ways):
            results.append(result)
            bar.update(row, advance=1, description=result.origin)


def _source(path: Path | None, between: tuple[Path, Path] | None) -> CaseSource:
    """Return where cases come from.

    Raises:
        UsageError: A folder does not exist, or there are two sources.
    """
    if path is not None and between is not None:
        raise UsageError("give a repository, or --between with two folders, not both")
    for folder in (path, *(between or ())):
        if folder is not None and not folder.is_dir():
            raise UsageError(f"{folder} is no folder")
    if between is not None:
        return FolderPair(*between)
    if path is None:
        return OwnScenarios()
    return FetchedReleases(path) if (path / LISTING).exists() else CommitHistory(path.resolve())


def _named(names: Sequence[str]) -> frozenset[str]:
    """Return names of languages.

    Raises:
        UsageError: A language is not known.
    """
    known = {language.name for language in languages()}
    for name in names:
        if name not in known:
            raise UsageError(f"--language {name!r} is none of {', '.join(sorted(known))}")
    return frozenset(names)


def _bar() -> Progress:
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    console = TextConsole(stderr=True)
    return Progress(*columns, console=console, refresh_per_second=2, transient=True)
