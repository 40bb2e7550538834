"""``leanwide bench``: measures the server from an editor's side; writes models for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.status import Status

from leanwide.cli.compose import argument_layer, check_experts, model_spec, user_layers
from leanwide.cli.console import TextConsole
from leanwide.cli.errors import UsageError
from leanwide.cli.measuring import options_of
from leanwide.cli.terminal import complain, say, say_json
from leanwide.engine.base import EngineError
from leanwide.engine.specs import ModelSpec
from leanwide.engine.speed import layer_samples, measure
from leanwide.models.cost import token_cost
from leanwide.models.gguf import ModelFileError, read_header
from leanwide.models.gguf_header import GgufHeader
from leanwide.models.speed import Rates
from leanwide.options import parse
from leanwide.options.model_files import model_path
from leanwide_bench.cli.answers import bench_answers
from leanwide_bench.cli.completing import check_completes
from leanwide_bench.cli.counts import expert_counts
from leanwide_bench.cli.drafts import drafts
from leanwide_bench.cli.edits import bench_edits
from leanwide_bench.cli.infilling import bench_infilling
from leanwide_bench.cli.jumps import bench_jumps
from leanwide_bench.cli.load import bench_load
from leanwide_bench.cli.next_edit import bench_next_edit
from leanwide_bench.cli.places import bench_places
from leanwide_bench.cli.soak import soak
from leanwide_bench.lanes.lanes import measure_lanes
from leanwide_bench.lanes.plot import draw
from leanwide_bench.lanes.report import as_data as as_data_of_lanes
from leanwide_bench.lanes.report import as_tables, bounds
from leanwide_bench.replay.peer import replay_peer
from leanwide_bench.replay.replay import ReplayPlan
from leanwide_bench.replay.replay import replay as play
from leanwide_bench.replay.report import ReplayReport, as_data, as_table
from leanwide_bench.replay.rpc import ReplayError
from leanwide_bench.replay.session import SERVE, ServerSetup
from leanwide_bench.replay.traces import NAMES, load
from leanwide_bench.replay.typist import CLIENTS, NEOVIM, VSCODE, Client
from leanwide_bench.synthetic.shapes import SHAPES, SyntheticError

app = typer.Typer(help="Measure leanwide on this machine.", no_args_is_help=True)
app.command()(soak)
app.command("places")(bench_places)
app.command()(drafts)
app.command("answers")(bench_answers)
app.command("edits")(bench_edits)
app.command("infilling")(bench_infilling)
app.command("jumps")(bench_jumps)
app.command("load")(bench_load)
app.command("next-edit")(bench_next_edit)

_TABLE_WIDTH = 150
"""Columns of the table if the output is no terminal."""


@app.command()
def replay(  # noqa: PLR0913  # an option each
    *,
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    experts: Annotated[int | None, typer.Option(help="Active experts of the lean lane.")] = None,
    client: Annotated[
        str,
        typer.Option(
            metavar="vscode|neovim|both|vscode-next-edits", help="Which editor to imitate."
        ),
    ] = "both",
    pace: Annotated[
        float, typer.Option(min=0, help="Milliseconds a key; 0 waits for each answer instead.")
    ] = 60.0,
    trace: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help=f"One of {', '.join(NAMES)}.")
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, help="How often each trace is played.")] = 1,
    peer: Annotated[
        str,
        typer.Option(metavar="URL", help="Also measure a llama-server, as llama.vim uses it."),
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Type prepared pieces of work through the real server and report what each key cost."""
    plan = ReplayPlan(
        setup=_setup(model, experts),
        clients=_clients(client),
        traces=[load(name) for name in _names(trace or list(NAMES))],
        pace_ms=pace,
        repeat=repeat,
    )
    try:
        report = _measure(plan, peer)
    except ReplayError as error:
        _fail(str(error), error)
    if json:
        say_json(as_data(report))
    else:
        _print(report)
    if count := report.replay.misanswered_requests:
        _fail(f"{count} requests were not answered exactly once")


@app.command()
def lanes(
    *,
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    experts: Annotated[
        str, typer.Option(metavar="N,N…", help="Expert counts whose speed is measured.")
    ] = "",
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each count, alternating.")] = 3,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also draw the speeds, as SVG.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure speed by expert count against a bare loop, memory of two lanes, keys and starts."""
    spec = model_spec(options_of(model, user_layers()))
    try:
        header = read_header(spec.model_path)
        counts = expert_counts(experts, header)
        with _status() as status:
            status.update("kernels")
            allowed = bounds(token_cost(header), _rates(header, counts, spec))
            report = asyncio.run(measure_lanes(spec, counts, rounds, status.update))
        if plot is not None:
            plot.write_text(draw(report.widths, allowed), "utf-8")
    except (ModelFileError, EngineError, OSError) as error:
        _fail(str(error), error)
    if json:
        say_json(as_data_of_lanes(report, allowed))
    else:
        TextConsole().print(as_tables(report, allowed))


def _rates(header: GgufHeader, counts: Sequence[int], spec: ModelSpec) -> dict[int, Rates]:
    """Return the speed of the kernels by expert count, if it can be measured here."""
    by_count = layer_samples(header, {count: count for count in counts}, spec)
    return {count: rates for count, sample in by_count.items() if (rates := measure(sample))}


@app.command()
def synthetic(
    *,
    shape: Annotated[str, typer.Argument(metavar="SHAPE", help=f"One of {', '.join(SHAPES)}.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The GGUF file to write.")],
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives other weights.")] = 0,
    fim: Annotated[
        bool, typer.Option(" /--no-fim", show_default=False, help="Leave out the FIM tokens.")
    ] = True,
    chat_template: Annotated[
        bool,
        typer.Option(" /--no-chat-template", show_default=False, help="Leave out the template."),
    ] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a model of random weights that takes time and memory like a real one of its shape."""
    if shape not in SHAPES:
        raise UsageError(f"there is no shape {shape!r}: it is one of {', '.join(SHAPES)}")
    if file.exists() and not force:
        raise UsageError(f"{file} exists: give another name, or --force to replace it")
    try:
        from leanwide_bench.synthetic.synthetic import Recipe, write  # noqa: PLC0415  # an extra
        from leanwide_bench.synthetic.vocabulary import VocabularyOptions  # noqa: PLC0415
    except ModuleNotFoundError as error:
        _fail(f"{error.name} is missing: `make setup` installs it", error)
    options = VocabularyOptions(fim=fim, chat_template=chat_template)
    recipe = Recipe(shape=SHAPES[shape], seed=seed, vocabulary=options)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    try:
        with Progress(*columns, TimeRemainingColumn(), console=TextConsole(stderr=True)) as bar:
            task = bar.add_task(file.name)
            written = write(
                file, recipe, lambda done, total: bar.update(task, completed=done, total=total)
            )
    except SyntheticError as error:
        _fail(str(error), error)
    say(f"{file}: {written.bytes / 1e6:.1f} MB in {written.seconds:.1f} s")


def _setup(model: Path | None, experts: int | None) -> ServerSetup:
    """Return the server as configured, with the command line's options."""
    arguments = argument_layer(model, experts)
    options, _ = parse(*user_layers()[0], arguments)
    check_completes(options)
    header = read_header(model_path(options))
    if experts is not None:
        check_experts(header, experts)
    return ServerSetup(command=SERVE, settings=arguments.values)


def _clients(name: str) -> Sequence[Client]:
    if name == "both":
        return (VSCODE, NEOVIM)
    if name not in CLIENTS:
        raise UsageError(f"--client {name!r} is not one of {', '.join(CLIENTS)}, both")
    return (CLIENTS[name],)


def _names(names: Sequence[str]) -> Sequence[str]:
    for name in names:
        if name not in NAMES:
            raise UsageError(f"there is no trace {name!r}: it is one of {', '.join(NAMES)}")
    return names


def _measure(plan: ReplayPlan, peer: str) -> ReplayReport:
    with _status() as status:
        if peer:
            status.update("llama-server")
        others = {trace.name: replay_peer(peer, trace) for trace in plan.traces} if peer else {}
        result = asyncio.run(play(plan, status.update))
    return ReplayReport(plan=plan, replay=result, peer=others)


def _status() -> Status:
    """Return a status line that is refreshed rarely, to leave the processor to the measurement."""
    console = TextConsole(stderr=True)
    return console.status("starting", spinner=console.spinner, refresh_per_second=2)


def _print(report: ReplayReport) -> None:
    console = TextConsole()
    if not console.is_terminal:
        console = TextConsole(width=_TABLE_WIDTH)
    console.print(as_table(report))


def _fail(message: str, cause: Exception | None = None) -> NoReturn:
    """Exit with one line on stderr and code 1."""
    complain(message)
    raise typer.Exit(1) from cause
