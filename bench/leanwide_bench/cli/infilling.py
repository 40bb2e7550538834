"""``leanwide bench infilling``: HumanEval-Infilling through the server, by expert count."""

from __future__ import annotations

import asyncio
import hashlib
import random
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer
from platformdirs import user_cache_path
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from leanwide import __version__
from leanwide.cli.compose import argument_layer, user_layers
from leanwide.cli.console import TextConsole
from leanwide.cli.errors import UsageError
from leanwide.cli.measuring import options_of, print_tables
from leanwide.cli.terminal import complain, note, say_json
from leanwide.engine.base import EngineError
from leanwide.models.expert_count import EXPERTS_KEY
from leanwide.models.gguf import read_header
from leanwide.options import Options
from leanwide.options.model_files import model_path
from leanwide.tuned import fingerprint, this_machine
from leanwide_bench.cli.completing import check_completes
from leanwide_bench.cli.counts import expert_counts, numbers
from leanwide_bench.infilling.asking import InfillPlan, answer_all
from leanwide_bench.infilling.report import as_data, as_table, report
from leanwide_bench.infilling.results import InfillSetting, ResultsError, Subject, TaskResults
from leanwide_bench.infilling.sandbox import RunLimits, sandbox
from leanwide_bench.places.places import InfillTask, TasksError, tasks
from leanwide_bench.replay.rpc import ReplayError

_MIN_CONTEXT: Final = 64


def bench_infilling(  # noqa: PLR0913  # an option each
    *,
    file: Annotated[
        Path, typer.Argument(help="HumanEval-Infilling's single-line tasks, .jsonl or .jsonl.gz.")
    ],
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    experts: Annotated[
        str,
        typer.Option(
            metavar="N,N…",
            help="Active experts; by default half, once and twice as many as trained.",
        ),
    ] = "",
    context: Annotated[
        str, typer.Option(metavar="N,N…", help="Most prompt tokens; as it is set by default.")
    ] = "",
    count: Annotated[int | None, typer.Option(min=1, help="Tasks; all by default.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed takes other tasks.")] = 0,
    run_code: Annotated[
        bool,
        typer.Option("--run-code", help="Run what the model wrote, for pass@1; confined."),
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The file of answers; a run continues what is in it."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Complete HumanEval-Infilling's lines as an editor does, by expert count and context."""
    options = options_of(model, user_layers())
    check_completes(options)
    chosen = _drawn(file, count, seed)
    if run_code and not all(task.test and task.entry_point for task in chosen):
        raise UsageError(f"{file} has tasks without a test, so that nothing can be run")
    subject = _subject(options, file)
    answers = to or user_cache_path("leanwide") / "bench" / f"infilling-{subject.fingerprint}.jsonl"
    at = _settings(experts, context, options)
    place = sandbox(RunLimits()) if run_code else None
    results = _results(answers, subject)
    with _bar() as bar:
        row = bar.add_task("starting", total=None)
        plan = InfillPlan(
            settings=argument_layer(model, None).values,
            tasks=chosen,
            at=at,
            sandbox=place,
            tell=lambda doing, done, of: bar.update(
                row, description=doing, completed=done, total=of
            ),
            warn=cache(complain),
        )
        _answer(plan, results, answers)
    found = report(subject, seed, chosen, at, results)
    note(f"every answer is in {answers}")
    if json:
        say_json(as_data(found))
    else:
        print_tables(as_table(found))


def _results(file: Path, subject: Subject) -> TaskResults:
    try:
        return TaskResults(file, subject)
    except (OSError, ResultsError) as error:
        raise UsageError(str(error)) from error


def _answer(plan: InfillPlan, results: TaskResults, file: Path) -> None:
    """Answer what has no answer yet.

    Raises:
        EngineError: It was stopped or failed; the message says what is left, and where.
    """
    try:
        asyncio.run(answer_all(plan, results))
    except KeyboardInterrupt:
        left = sum(len(plan.open(results, setting)) for setting in plan.at)
        raise EngineError(
            f"stopped: {plan.count - left} of {plan.count} answers are in {file}, and the same "
            "command continues there"
        ) from None
    except (OSError, ReplayError, TimeoutError) as error:
        raise EngineError(f"{error or 'no answer came'}; what was answered is in {file}") from error


def _drawn(file: Path, count: int | None, seed: int) -> list[InfillTask]:
    """Return tasks in random order: the first of a larger count are those of a smaller one."""
    try:
        found = list(tasks(file))
    except (OSError, TasksError) as error:
        raise UsageError(str(error)) from error
    if not found:
        raise UsageError(f"{file} has no task")
    random.Random(seed).shuffle(found)  # noqa: S311  # no secret
    return found[:count]


def _settings(experts: str, context: str, options: Options) -> list[InfillSetting]:
    """Return all settings; the last is the reference: the trained count, the longest context."""
    header = read_header(model_path(options))
    counts, trained = expert_counts(experts, header), header.number(EXPERTS_KEY)
    own = str(options.modes.code.context_tokens)
    contexts = sorted(numbers("--context", context or own))
    if contexts[0] < _MIN_CONTEXT:
        raise UsageError(f"--context {context} is below {_MIN_CONTEXT} tokens")
    last = trained if trained in counts else max(counts)
    ordered = sorted(counts, key=lambda count: (count == last, count))
    return [InfillSetting(experts=each, context=most) for each in ordered for most in contexts]


def _subject(options: Options, file: Path) -> Subject:
    path = model_path(options)
    try:
        found, data = fingerprint(path), file.read_bytes()
    except OSError as error:
        raise UsageError(str(error)) from error
    return Subject(
        leanwide=__version__,
        llama_cpp=version("llama_cpp_python"),
        model=read_header(path).name,
        fingerprint=found,
        tasks=hashlib.sha256(data).hexdigest()[:16],
        machine=this_machine(),
    )


def _bar() -> Progress:
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    console = TextConsole(stderr=True)
    return Progress(*columns, console=console, refresh_per_second=2, transient=True)
