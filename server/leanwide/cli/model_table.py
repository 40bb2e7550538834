"""The table of recommended models, with what fits this machine, for ``models list``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from rich.console import Console
from rich.table import Table

from leanwide.cli.compose import model_spec
from leanwide.cli.fitting import this_machine
from leanwide.models.choice import Choice, choice_advice, choose, needed_bytes
from leanwide.models.fit import Hardware
from leanwide.models.memory import LaneShape
from leanwide.models.registry import RegistryEntry, entries
from leanwide.models.store import pulled_models, pulled_path
from leanwide.options import Options


def listing(options: Options) -> dict[str, Any]:
    """Return the recommended models and those that were pulled, under the names of ``--json``."""
    machine, lanes = this_machine(options), _lanes(options)
    others = set(pulled_models()) - {pulled_path(entry.source) for entry in entries()}
    return {
        "models": [_row(entry, lanes, machine) for entry in entries()],
        "others": [str(path) for path in sorted(others)],
        "choice": _names(choose(entries(), lanes, machine.usable_bytes)),
        "advice": choice_advice(entries(), lanes, machine),
    }


def _lanes(options: Options) -> dict[str, LaneShape]:
    """Return the lanes that the options want, whatever model is in use."""
    unset = attrs.evolve(options, model=attrs.evolve(options.model, path="any.gguf"))
    spec = model_spec(unset)
    return {
        lane.name: LaneShape(
            context_tokens=lane.context_tokens,
            sequences=lane.sequences,
            experts=0,
            batch_tokens=spec.batch_tokens,
        )
        for lane in spec.lanes
    }


def _row(entry: RegistryEntry, lanes: Mapping[str, LaneShape], machine: Hardware) -> dict[str, Any]:
    """Return a model with the memory that it takes in the lanes that it suits."""
    needed = needed_bytes(entry, [lanes[name] for name in entry.lanes])
    path = pulled_path(entry.source)
    return {
        **attrs.asdict(entry),
        "source": str(entry.source),
        "needed_bytes": needed,
        "fits": needed <= machine.usable_bytes,
        "fits_free": needed <= machine.free_bytes,
        "fits_gpu": needed <= (machine.gpu_bytes or 0),
        "path": str(path) if path.exists() else None,
    }


def _names(choice: Choice) -> dict[str, Any]:
    return {
        "both": choice.both and choice.both.name,
        "lean": choice.pair and choice.pair.lean.name,
        "wide": choice.pair and choice.pair.wide.name,
    }


def print_listing(console: Console, data: Mapping[str, Any]) -> None:
    """Print the table, what was pulled besides, and the advice; 80 columns hold all of it."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("model", overflow="fold")
    table.add_column("file", justify="right")
    table.add_column("memory", justify="right")
    for title in ("lanes", "licence", "fits"):
        table.add_column(title)
    for row in data["models"]:
        table.add_row(
            row["name"],
            f"{row['size_bytes'] / 1e9:.1f}",
            f"{row['needed_bytes'] / 1e9:.1f}",
            ", ".join(row["lanes"]),
            row["licence"],
            _fits(row),
        )
    console.print(table)
    console.print(_legend(data["models"]), style="dim")
    for file in data["others"]:
        console.print(f"also here: {file}", markup=False, soft_wrap=True)
    console.print(f"\n{data['advice']}", markup=False)
    console.print("`leanwide models pull NAME` brings one.", style="dim")


def _fits(row: Mapping[str, Any]) -> str:
    match row:
        case {"fits": False, "fits_gpu": False}:
            return "[red]no[/]"
        case {"path": str()}:
            return "[green]pulled[/]"
        case {"fits_gpu": True}:
            return "[green]card[/]"
        case {"fits_free": False}:
            return "[yellow]crowded[/]"
        case _:
            return "[green]yes[/]"


def _legend(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what the columns mean, as far as they show it."""
    meanings = ["Sizes in GB; memory: with the lanes"]
    if any(row["fits_gpu"] for row in rows):
        meanings.append("card: whole on the graphics card")
    if any(row["fits"] and not row["fits_free"] for row in rows):
        meanings.append("crowded: once other programs are closed")
    return "; ".join(meanings) + "."
