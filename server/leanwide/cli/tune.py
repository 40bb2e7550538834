"""``leanwide tune``: finds settings that fit this model, this machine and your code."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from functools import cache as once
from pathlib import Path
from typing import Annotated

import psutil
import typer
from attrs import frozen

from leanwide import __version__
from leanwide.cli.compose import argument_layer, own_layers, tuned_file, user_layers
from leanwide.cli.fitting import placed_engine
from leanwide.cli.measuring import (
    cache_folder,
    options_of,
    print_tables,
    repository_at,
    with_bar,
)
from leanwide.cli.terminal import note, say, say_json
from leanwide.engine.base import EngineError
from leanwide.models.gguf import read_header
from leanwide.options import parse
from leanwide.options.model_files import model_path
from leanwide.tuned import TunedSubject, fingerprint, this_machine, write_tuned
from leanwide.tuning.report import as_data, as_tables
from leanwide.tuning.results import Results, measuring_alone
from leanwide.tuning.speed import variants
from leanwide.tuning.tune import QUESTIONS, Findings, TuningJob, expert_counts, tune
from leanwide.tuning.tuned_settings import (
    TuningReport,
    as_text,
    named_settings,
    settings,
    why_lines,
    why_undecided,
)

app = typer.Typer()


@frozen(kw_only=True)
class _Arguments:
    """The arguments of the command."""

    path: Path
    end: float
    """When to stop, in seconds of ``time.monotonic``."""
    tolerance: float
    model: Path | None
    fresh: bool


@app.command()
def tune_command(  # noqa: PLR0913  # an option each
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A folder with your code, or one file.")
    ] = Path(),
    minutes: Annotated[float, typer.Option(min=0, help="Most time that it takes.")] = 10.0,
    tolerance: Annotated[
        float, typer.Option(min=0, max=100, help="Percent by which NLL may be above the best.")
    ] = 2.0,
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Measure and show, but write no settings.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what an earlier run measured.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure expert counts, context and speed on your own code, and keep what fits."""
    arguments = _Arguments(
        path=path,
        end=time.monotonic() + 60 * minutes,
        tolerance=tolerance / 100,
        model=model,
        fresh=fresh,
    )
    report = _measure(arguments)
    written = not dry_run and _write(report)
    if json:
        say_json(as_data(report))
    else:
        print_tables(*as_tables(report))
        say(as_text(report))
        if written:
            say(f"written to {tuned_file()}")
    if reason := why_undecided(report):
        raise EngineError(reason)


def _measure(arguments: _Arguments) -> TuningReport:
    """Measure, alone on this machine.

    Raises:
        EngineError: The model or the repository cannot be used, or another run is under way.
    """
    cache = cache_folder()
    with measuring_alone(cache / "lock"):
        job = _job(arguments, cache)
        report = TuningReport.of(job, _run(job))
        if report.clear:
            for results in job.results.values():
                results.forget()  # the next run measures again
        return report


def _job(arguments: _Arguments, cache: Path) -> TuningJob:
    """Return what is to be measured.

    Raises:
        EngineError: There is nothing to complete.
    """
    own = options_of(arguments.model, own_layers())
    header = read_header(model_path(own))
    repository = repository_at(arguments.path, own)
    subject = TunedSubject(
        model=header.name, fingerprint=fingerprint(header.path), machine=this_machine()
    )
    named = repr((__version__, subject, str(arguments.path.resolve())))
    key = hashlib.sha256(named.encode()).hexdigest()[:24]
    results = {name: Results(cache / f"{key}-{name}.jsonl") for name in QUESTIONS}
    if arguments.fresh:
        for kept in results.values():
            kept.forget()
    if count := _count(results):
        note(f"{count} earlier results count; --fresh forgets them")
    now, _ = parse(*user_layers()[0], argument_layer(arguments.model, None))
    spec = placed_engine(header, own).spec
    return TuningJob(
        subject=subject,
        header=header,
        spec=spec,
        profiles=own.profiles,
        preferences=own.preferences,
        variants=variants(spec, psutil.cpu_count(logical=False) or 1, psutil.cpu_count() or 1),
        repository=repository,
        results=results,
        index_folder=cache / "index",
        tolerance=arguments.tolerance,
        seconds=max(0.0, arguments.end - time.monotonic()),
        before=named_settings(placed_engine(header, now).spec, now.modes.code, header),
        tell=once(note),
    )


def _count(results: Mapping[str, Results]) -> int:
    return sum(map(len, results.values()))


def _run(job: TuningJob) -> Findings:
    """Run it with a progress bar; Ctrl-C keeps what was measured.

    Raises:
        EngineError: The model cannot be used, or the user stopped it.
    """
    if not expert_counts(job.header):
        note(f"{job.header.name} has no experts to choose from")
    return with_bar(
        job.seconds,
        lambda tell: tune(job, tell),
        lambda: f"{_count(job.results)} results are kept, the same command goes on from there",
    )


def _write(report: TuningReport) -> bool:
    """Write the tuned file; whether there was anything to write.

    Raises:
        EngineError: It cannot be written.
    """
    values = settings(report)
    if not values:
        return False
    try:
        write_tuned(tuned_file(), report.job.subject, values, why_lines(report))
    except OSError as error:
        raise EngineError(f"{tuned_file()} cannot be written: {error.strerror}") from error
    return True
