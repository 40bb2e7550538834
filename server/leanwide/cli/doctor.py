"""``leanwide doctor``: checks the installation; says what it costs, what is wrong, what to do."""

from __future__ import annotations

import asyncio
import contextlib
import platform
from collections.abc import Iterator
from typing import Annotated, Any, Final

import attrs
import psutil
import typer
from rich.markup import escape
from rich.table import Table

from leanwide import __version__
from leanwide.cli.compose import engine_spec, launch, model_path, residency_of, user_layers
from leanwide.cli.console import TextConsole
from leanwide.cli.fitting import (
    as_data,
    fitting,
    measure_again,
    print_advice,
    print_memory,
    speed_words,
)
from leanwide.cli.terminal import say_json
from leanwide.engine.base import (
    EngineError,
    EngineSpec,
    LaneInfo,
    LaneSpec,
    Priority,
    Request,
    finish,
)
from leanwide.engine.lane_shapes import lane_shape
from leanwide.engine.process.llama import supports_gpu, system_features
from leanwide.engine.saved_states import SavedFolder, default_folder
from leanwide.models.fit import Verdict
from leanwide.models.gguf import GgufHeader, ModelFileError, read_header
from leanwide.models.limits import legal_context, legal_experts, wanted_experts
from leanwide.models.memory import lane_bytes
from leanwide.options import Options, parse

app = typer.Typer()

_MEMORY: Final = ("kv_megabytes", "states_megabytes", "compute_megabytes")
"""The parts of a lane's memory."""


@app.command()
def doctor(
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    measure: Annotated[
        bool,
        typer.Option(
            "--measure", help="Load the model, and measure what each lane takes and the speed."
        ),
    ] = False,
) -> None:
    """Check this installation and say what each lane would take."""
    if measure:
        _measure_speed()
    report = examine()
    if measure and report["model"] is not None:
        add_measured(report)
    if json:
        say_json(report)
    else:
        _print(report)
    if report["problems"]:
        raise typer.Exit(1)


def _measure_speed() -> None:
    """Measure the speed of the model in use; :func:`examine` reports a file that is no model."""
    options, _ = parse(*user_layers()[0])
    with contextlib.suppress(ModelFileError):
        measure_again(read_header(model_path(options)), options)


def examine() -> dict[str, Any]:
    """Return the report; ``problems`` are sentences that say what to do."""
    layers, broken = user_layers()
    options, found = parse(*layers)
    problems = [*broken, *found]
    memory = psutil.virtual_memory()
    report: dict[str, Any] = {
        "leanwide": __version__,
        "python": platform.python_version(),
        "llama_cpp": {"features": system_features(), "gpu": supports_gpu()},
        "cores": psutil.cpu_count(logical=False),
        "memory_mb": {"total": memory.total // 10**6, "free": memory.available // 10**6},
        "model": None,
        "residency": None,
        "lanes": [],
        "fit": None,
        "places": _places(options),
        "problems": problems,
    }
    try:
        header = read_header(model_path(options))
    except ModelFileError as error:
        problems.append(str(error))
        return report
    report["model"] = {
        "name": header.name,
        "path": str(header.path),
        "megabytes": round(header.file_bytes / 1e6, 1),
        "embedded": not options.model.path,
    }
    problems.extend(_missing(header))
    residency = residency_of(options, header.number("expert_count"))
    report["residency"] = attrs.asdict(residency)
    spec = engine_spec(options)
    report["lanes"] = [_lane(header, lane, spec, memory.available) for lane in spec.lanes]
    problems.extend(notice for lane in report["lanes"] if (notice := lane.pop("problem")))
    fit = fitting(header, options)
    report["fit"] = as_data(fit)
    if fit.fit.verdict in (Verdict.STREAMS, Verdict.TOO_LARGE):
        problems.append(fit.advice)
    return report


def _places(options: Options) -> dict[str, Any]:
    """Return the size of saved KV caches on disk, and its limit."""
    folder = default_folder()
    return {
        "folder": str(folder),
        "megabytes": round(SavedFolder(folder).size() / 1e6, 1),
        "most_megabytes": options.cache.prompt_bytes // 10**6,
    }


def _missing(header: GgufHeader) -> Iterator[str]:
    """Yield what the model cannot do, because its file lacks something."""
    if not header.fim:
        yield (
            f"{header.name} has no fill-in-the-middle tokens: there are no suggestions while you "
            "type. Choose a model that completes (`leanwide models list`)"
        )
    if "tokenizer.chat_template" not in header.metadata:
        yield (
            f"{header.name} has no chat template: explanations, chats and edits ask it in ChatML, "
            "and may be poor. Choose an instruct model (`leanwide models list`)"
        )


def add_measured(report: dict[str, Any]) -> None:
    """Open every lane of a report and add the memory that it takes; a failure is a problem."""
    options, _ = parse(*user_layers()[0])
    try:
        found, process = asyncio.run(_measured(options))
    except EngineError as error:
        report["problems"].append(str(error))
        return
    report["memory_mb"]["engine"] = round(process / 1e6, 1)
    for lane in report["lanes"]:
        lane["measured_megabytes"] = round(found[lane["name"]].measured_bytes / 1e6, 1)


async def _measured(options: Options) -> tuple[dict[str, LaneInfo], int]:
    """Open every lane with one token; return the lanes and the memory of the engine, in bytes.

    Raises:
        EngineError: The model cannot be loaded, or a lane not be opened.
    """
    engine = launch(options)
    try:
        await engine.ready()
        for lane in engine_spec(options).lanes:
            request = Request(
                lane=lane.name,
                prompt=("x",),
                priority=Priority.COMMAND,
                max_tokens=1,
                deadline_ms=1.0,
            )
            await finish(engine, request)
        return {lane.name: lane for lane in engine.lanes}, await engine.memory_bytes()
    finally:
        await engine.close()


def _lane(
    header: GgufHeader, spec: LaneSpec, engine: EngineSpec, free_bytes: int
) -> dict[str, Any]:
    """Return how a lane would run, and its memory besides the weights."""
    experts, problem = legal_experts(header, wanted_experts(header, spec.experts))
    context, _ = legal_context(header, spec.context_tokens, spec.sequences, free_bytes)
    memory = lane_bytes(header, lane_shape(engine, spec, context, experts))
    if memory.total > free_bytes:
        problem = f"{problem} the {spec.name} lane needs more memory than is free".strip()
    return {
        "name": spec.name,
        "experts": experts,
        "context_tokens": context,
        "sequences": spec.sequences,
        "kv_megabytes": round(memory.kv / 1e6, 1),
        "states_megabytes": round(memory.states / 1e6, 1),
        "compute_megabytes": round(memory.compute / 1e6, 1),
        "problem": problem,
    }


def _print(report: dict[str, Any]) -> None:
    console = TextConsole(highlight=False, soft_wrap=True)
    memory, model = report["memory_mb"], report["model"]
    console.print(f"leanwide {report['leanwide']}, Python {report['python']}")
    console.print(
        f"{report['cores']} cores, {memory['free']:,} of {memory['total']:,} MB of memory free"
    )
    console.print(f"llama.cpp: {report['llama_cpp']['features']}", markup=False)
    if model is not None:
        note = " (ships with leanwide; `leanwide models list` has real ones)"
        console.print(f"model: {model['name']}, {model['megabytes']} MB", end="", markup=False)
        console.print(note if model["embedded"] else "", markup=False)
        console.print(model["path"], style="dim", markup=False)
    table = Table("lane", "experts", "context", "sequences", "at most", "measured")
    for lane in report["lanes"]:
        table.add_row(
            lane["name"],
            str(lane["experts"] or "dense"),
            f"{lane['context_tokens']:,} tokens",
            str(lane["sequences"]),
            f"{sum(lane[part] for part in _MEMORY):,.1f} MB",
            f"{lane['measured_megabytes']:,} MB" if "measured_megabytes" in lane else "",
        )
    if report["lanes"]:
        console.print(table)
        for lane in report["fit"]["lanes"]:
            if speed := speed_words(lane):
                console.print(f"{lane['name']} lane: {speed}, by this machine's memory and kernels")
        where = report["residency"]
        console.print("Megabytes: KV cache and buffers, beside the weights.", style="dim")
        console.print(f"residency: {where['residency']}, because {where['reason']}", style="dim")
        print_memory(console, report["fit"])
        if report["fit"]["advice"] not in report["problems"]:
            print_advice(console, report["fit"])
    places = report["places"]
    most = f"{places['most_megabytes']:,}" if places["most_megabytes"] else "none"
    console.print(f"kept of what was read: {places['megabytes']:,} MB of at most {most}")
    console.print(places["folder"], style="dim", markup=False)
    for problem in report["problems"]:
        console.print(f"[bold red]problem[/]: {escape(problem)}")
    if not report["problems"]:
        console.print("[green]everything is fine[/]")
