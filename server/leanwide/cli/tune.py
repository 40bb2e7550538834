"""``leanwide tune``: finds the settings that fit this model, this machine and your own code."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Annotated

import msgspec
import psutil
import typer
from attrs import frozen
from platformdirs import user_cache_path
from rich.console import Console

from leanwide import __version__
from leanwide.cli.compose import (
    argument_layer,
    engine_spec,
    model_path,
    tuned_file,
    user_layer,
    user_layers,
)
from leanwide.cli.errors import BadUse
from leanwide.cli.timebar import time_bar
from leanwide.engine.base import EngineError
from leanwide.lab.repository import Repository, read_repository
from leanwide.lab.results import Results, alone
from leanwide.lab.speed import variants
from leanwide.lab.tuning import Findings, Job, expert_counts, tune
from leanwide.lab.tuning_report import (
    Report,
    as_data,
    as_tables,
    as_text,
    named_settings,
    settings,
    unsure,
    why_lines,
)
from leanwide.models.gguf import read_header
from leanwide.options import Layer, Options, parse
from leanwide.tuned import Subject, fingerprint, this_machine, write_tuned

app = typer.Typer()

_TABLE_WIDTH = 150
"""Columns of the tables where the output is no terminal."""


@frozen(kw_only=True)
class _Wishes:
    """What the command line says."""

    path: Path
    seconds: float
    tolerance: float
    model: Path | None
    fresh: bool


@app.command()
def tune_command(  # noqa: PLR0913, PLR0917  # an option each
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A folder with your code, or one file.")
    ] = Path(),
    minutes: Annotated[float, typer.Option(min=0, help="Most time that it takes.")] = 10.0,
    tolerance: Annotated[
        float, typer.Option(min=0, max=100, help="Percent by which NLL may be above the best.")
    ] = 2.0,
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Measure and show, but write no settings.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what an earlier run measured.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure expert counts, context and speed on your own code, and keep what fits."""
    wishes = _Wishes(
        path=path,
        seconds=60 * minutes,
        tolerance=tolerance / 100,
        model=model.expanduser().absolute() if model is not None else None,
        fresh=fresh,
    )
    report = _measure(wishes)
    written = not dry_run and _write(report)
    if json:
        typer.echo(msgspec.json.encode(as_data(report)).decode())
    else:
        _print(report)
        if written:
            typer.echo(f"written to {tuned_file()}")
    if reason := unsure(report):
        raise EngineError(reason)


def _measure(wishes: _Wishes) -> Report:
    """Measure, alone on this machine.

    Raises:
        EngineError: The model or the repository cannot be used, or another run is under way.
    """
    cache = user_cache_path("leanwide") / "tune"
    try:
        with alone(cache / "lock"):
            job = _job(wishes, cache)
            findings = _run(job)
            report = Report.of(job, findings)
            if report.clear:
                job.results.forget()  # another run is to measure anew
            return report
    except OSError as error:
        raise EngineError(f"results cannot be kept in {cache}: {error.strerror}") from error


def _job(wishes: _Wishes, cache: Path) -> Job:
    """Gather what is to be measured.

    Raises:
        EngineError: There is nothing to complete.
    """
    own = _options(wishes, user_layer()[0])
    header = read_header(model_path(own))
    repository = _repository(wishes.path, own)
    subject = Subject(
        model=header.name, fingerprint=fingerprint(header.path), machine=this_machine()
    )
    named = repr((__version__, subject, str(wishes.path.resolve())))
    file = cache / f"{hashlib.sha256(named.encode()).hexdigest()[:24]}.jsonl"
    if wishes.fresh:
        file.unlink(missing_ok=True)
    results = Results(file)
    if len(results):
        typer.echo(f"{len(results)} earlier results count; --fresh forgets them", err=True)
    spec, now = engine_spec(own), _options(wishes, *user_layers()[0])
    return Job(
        subject=subject,
        header=header,
        spec=spec,
        profiles=own.profiles,
        variants=variants(spec, psutil.cpu_count(logical=False) or 1, psutil.cpu_count() or 1),
        repository=repository,
        results=results,
        index_folder=cache / "index",
        tolerance=wishes.tolerance,
        seconds=wishes.seconds,
        before=named_settings(engine_spec(now), now.modes.code, header),
    )


def _options(wishes: _Wishes, *layers: Layer) -> Options:
    options, problems = parse(*layers, argument_layer(wishes.model, None))
    for problem in problems:
        typer.echo(f"leanwide: {problem}", err=True)
    return options


def _repository(path: Path, options: Options) -> Repository:
    """Draw holes from what is under a path.

    Raises:
        BadUse: There is no such path.
        EngineError: It has no holes.
    """
    if not path.exists():
        raise BadUse(f"{path} does not exist: give a folder with your code")
    repository = read_repository(path, options.files.exclude)
    if not repository.holes:
        found = f"{repository.files} source files" if repository.files else "no source files"
        raise EngineError(f"{path} has {found} and no place to complete: give a folder of code")
    return repository


def _run(job: Job) -> Findings:
    """Run it with a bar; Ctrl-C keeps what was measured.

    Raises:
        EngineError: The model cannot be used, or somebody stopped it.
    """
    if not expert_counts(job.header):
        typer.echo(f"{job.header.name} has no experts to choose from", err=True)
    try:
        with time_bar(job.seconds) as show:
            return asyncio.run(tune(job, lambda now: show(now.doing, now.seconds_left)))
    except KeyboardInterrupt:
        raise EngineError(
            f"stopped: {len(job.results)} results are kept, the same command goes on from there"
        ) from None


def _write(report: Report) -> bool:
    """Write the tuned file, and tell whether there was anything to write."""
    values = settings(report)
    if values:
        write_tuned(tuned_file(), report.job.subject, values, why_lines(report))
    return bool(values)


def _print(report: Report) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=_TABLE_WIDTH)
    for table in as_tables(report):
        console.print(table)
    console.print(as_text(report), highlight=False, markup=False, soft_wrap=True)
