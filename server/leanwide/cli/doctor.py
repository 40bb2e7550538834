"""``leanwide doctor``: checks the installation; says what it costs, what is wrong, what to do."""

from __future__ import annotations

import asyncio
import contextlib
import platform
import sys
from collections.abc import Iterator
from typing import Annotated, Any, Final

import attrs
import psutil
import typer
from rich.markup import escape
from rich.table import Table

from leanwide import __version__
from leanwide.cli import gpus
from leanwide.cli.compose import engine_specs, launch, user_layers
from leanwide.cli.console import TextConsole
from leanwide.cli.fitting import (
    Fitting,
    as_data,
    fittings,
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
    ModelInfo,
    Priority,
    Request,
    finish,
)
from leanwide.engine.lane_shapes import lane_shape
from leanwide.engine.process.llama import build, system_features
from leanwide.engine.processor import processor_flags, rebuild_command, unused_features
from leanwide.engine.saved_states import SavedFolder, default_folder
from leanwide.features.chat_template import ChatTemplateCache
from leanwide.models.embedded import embedded_model
from leanwide.models.fit import Verdict
from leanwide.models.gguf import GgufHeader, ModelFileError
from leanwide.models.limits import legal_context, legal_experts, wanted_experts
from leanwide.models.memory import lane_bytes
from leanwide.modes.profile import LEAN
from leanwide.options import Options, parse
from leanwide.prompt.chat import Message

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
        measure_again(options)


def examine() -> dict[str, Any]:
    """Return the report; ``problems`` are sentences that say what to do."""
    layers, broken = user_layers()
    options, found = parse(*layers)
    problems = [*broken, *found]
    memory = psutil.virtual_memory()
    report: dict[str, Any] = {
        "leanwide": __version__,
        "python": platform.python_version(),
        "llama_cpp": {**_build(), **gpus.report(options.model.gpu_layers)},
        "cores": psutil.cpu_count(logical=False),
        "memory_mb": {"total": memory.total // 10**6, "free": memory.available // 10**6},
        "model": None,
        "residency": None,
        "lanes": [],
        "fit": None,
        "wide": None,
        "places": _places(options),
        "problems": problems,
    }
    try:
        models = fittings(options)
    except ModelFileError as error:
        problems.append(str(error))
        return report
    (header, fit), *other = models
    report["model"], report["fit"] = _model(header), as_data(fit)
    report["residency"] = attrs.asdict(fit.placed.residency)
    for found_header, found_fit in other:
        report["wide"] = {"model": _model(found_header), "fit": as_data(found_fit)}
    for found_header, found_fit in models:
        report["lanes"] += _lanes(found_header, found_fit, memory.available)
        problems.extend(_trouble(found_header, found_fit, options))
    problems.extend(notice for lane in report["lanes"] if (notice := lane.pop("problem")))
    return report


def _model(header: GgufHeader) -> dict[str, Any]:
    return {
        "name": header.name,
        "path": str(header.path),
        "megabytes": round(header.file_bytes / 1e6, 1),
        "embedded": header.path == embedded_model(),
    }


def _lanes(header: GgufHeader, fit: Fitting, free_bytes: int) -> list[dict[str, Any]]:
    """Return how the lanes of a model would run."""
    spec = fit.placed.spec
    free = free_bytes if spec.gpu_layers == 0 else sys.maxsize
    return [_lane(header, lane, spec, free) for lane in spec.lanes]


def _trouble(header: GgufHeader, fit: Fitting, options: Options) -> Iterator[str]:
    """Yield what is wrong with a model, for what its lanes are used for."""
    lanes = [lane.name for lane in fit.placed.spec.lanes]
    if options.modes.code.lane in lanes:
        yield from _without_fim(header)
    if {options.modes.think.lane, options.modes.dialog.lane} & set(lanes):
        yield from _without_template(header)
    if fit.placed.notice:
        yield fit.placed.notice
    if fit.fit.verdict in (Verdict.STREAMS, Verdict.TOO_LARGE):
        yield fit.advice


def _build() -> dict[str, Any]:
    """Return what this build of llama.cpp uses, and what the processor could do besides."""
    features = system_features()
    return {
        "version": build(),
        "features": features,
        "unused": list(unused_features(features, processor_flags())),
    }


def _places(options: Options) -> dict[str, Any]:
    """Return the size of saved KV caches on disk, and its limit."""
    folder = default_folder()
    return {
        "folder": str(folder),
        "megabytes": round(SavedFolder(folder).size() / 1e6, 1),
        "most_megabytes": options.cache.prompt_bytes // 10**6,
    }


def _without_fim(header: GgufHeader) -> Iterator[str]:
    if not header.fim:
        yield (
            f"{header.name} has no fill-in-the-middle tokens: there are no suggestions while you "
            "type. Choose a model that completes (`leanwide models list`)"
        )


def _without_template(header: GgufHeader) -> Iterator[str]:
    if problem := asyncio.run(_template_problem(header)):
        yield (
            f"{problem}: explanations, chats and edits ask it in ChatML, "
            "and may be poor. Choose an instruct model (`leanwide models list`)"
        )


async def _template_problem(header: GgufHeader) -> str | None:
    """Return why the model's own template cannot lay out a conversation; None where it can."""
    model = ModelInfo(
        name=header.name,
        path=header.path,
        size_bytes=header.file_bytes,
        experts=header.number("expert_count"),
        fim=None,
        chat_template=header.chat_template,
    )
    roles = ("system", "user", "assistant", "user")
    messages = [Message(role, "x") for role in roles]
    return (await ChatTemplateCache().lay_out(messages, model, thinking=False)).problem


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
        await engine.ready(LEAN)
        for lane in (lane for spec in engine_specs(options) for lane in spec.lanes):
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
    context, _ = legal_context(
        header, spec.context_tokens, spec.sequences, free_bytes, engine.kv_type
    )
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


def _print_devices(console: TextConsole, report: dict[str, Any]) -> None:
    console.print(f"llama.cpp is built for: {', '.join(report['backends']) or 'unknown'}")
    for device in report["devices"]:
        free, total = device["free_mb"], device["total_mb"]
        memory = f", {free:,} of {total:,} MB free" if total else ""
        what = f"{device['name']} ({device['backend']}): {device['description']}"
        console.print(f"device: {what}{memory}", markup=False)
    if report["advice"]:
        console.print(report["advice"], markup=False)


def _print(report: dict[str, Any]) -> None:
    console = TextConsole(highlight=False, soft_wrap=True)
    memory, model = report["memory_mb"], report["model"]
    console.print(f"leanwide {report['leanwide']}, Python {report['python']}")
    console.print(
        f"{report['cores']} cores, {memory['free']:,} of {memory['total']:,} MB of memory free"
    )
    _print_build(console, report["llama_cpp"])
    _print_devices(console, report["llama_cpp"])
    wide = report["wide"]
    if model is not None:
        _print_model(console, "model" if wide is None else "model for typing", model)
    if wide is not None:
        _print_model(console, "model for questions", wide["model"])
    if report["lanes"]:
        _print_lanes(console, report)
    places = report["places"]
    most = f"{places['most_megabytes']:,}" if places["most_megabytes"] else "none"
    console.print(f"kept of what was read: {places['megabytes']:,} MB of at most {most}")
    console.print(places["folder"], style="dim", markup=False)
    for problem in report["problems"]:
        console.print(f"[bold red]problem[/]: {escape(problem)}")
    if not report["problems"]:
        console.print("[green]everything is fine[/]")


def _print_lanes(console: TextConsole, report: dict[str, Any]) -> None:
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
    console.print(table)
    fits = [part["fit"] for part in (report, report["wide"]) if part is not None]
    for lane in (lane for fit in fits for lane in fit["lanes"]):
        if speed := speed_words(lane):
            console.print(f"{lane['name']} lane: {speed}, by this machine's memory and kernels")
    where = report["residency"]
    console.print("Megabytes: KV cache and buffers, besides the weights.", style="dim")
    console.print(f"residency: {where['residency']}, because {where['reason']}", style="dim")
    for fit in fits:
        lane = fit["lanes"][0]["name"]
        print_memory(console, fit, "memory" if len(fits) == 1 else f"memory of the {lane} lane")
        if fit["advice"] not in report["problems"]:
            print_advice(console, fit)


def _print_model(console: TextConsole, what: str, model: dict[str, Any]) -> None:
    note = " (ships with leanwide; `leanwide models list` has real ones)"
    console.print(f"{what}: {model['name']}, {model['megabytes']} MB", end="", markup=False)
    console.print(note if model["embedded"] else "", markup=False)
    console.print(model["path"], style="dim", markup=False)


def _print_build(console: TextConsole, llama_cpp: dict[str, Any]) -> None:
    console.print(f"llama.cpp: {llama_cpp['features']}", markup=False)
    if unused := ", ".join(llama_cpp["unused"]):
        console.print(
            f"[yellow]advice[/]: this processor also has {unused}, which this build of llama.cpp "
            "does not use: it would read prompts faster. With a C++ compiler:"
        )
        console.print(f"  {rebuild_command('NATIVE', llama_cpp['version'])}", markup=False)
