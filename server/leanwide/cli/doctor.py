"""``leanwide doctor``: checks the installation; says what it costs, what is wrong, what to do."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from leanwide.cli.compose import user_layers
from leanwide.cli.console import TextConsole
from leanwide.cli.examination import add_measured, examine
from leanwide.cli.fitting import measure_again, print_advice, print_memory, speed_words
from leanwide.cli.reporting import report_text
from leanwide.cli.terminal import say, say_json
from leanwide.engine.processor import rebuild_command
from leanwide.models.gguf import ModelFileError
from leanwide.options import parse

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
    as_report: Annotated[
        bool,
        typer.Option(
            "--report", help="Print what a bug report needs: no path, no text and no name of yours."
        ),
    ] = False,
) -> None:
    """Check this installation and say what each lane would take."""
    if measure:
        options, _ = parse(*user_layers()[0])
        with contextlib.suppress(ModelFileError):  # the report names the file
            measure_again(options)
    report = examine()
    if measure and report["model"] is not None:
        add_measured(report)
    if json:
        say_json(report)
    elif as_report:
        say(report_text(report))
    else:
        _print(report)
    if report["problems"]:
        raise typer.Exit(1)


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
    for server in report["servers"]:
        _print_server(console, server)
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


def _print_server(console: TextConsole, server: dict[str, Any]) -> None:
    lanes = " and ".join(server["lanes"])
    what = server.get("model", "cannot be used")
    console.print(f"{lanes} at {server['url']}: {what}", markup=False)
    if "model" not in server:
        return
    console.print(server["words"], style="dim", markup=False)


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
