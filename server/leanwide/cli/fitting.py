"""How a model fits this machine with the user's options: what ``doctor`` and ``models`` say."""

from __future__ import annotations

from typing import Any

import attrs
import psutil
from attrs import frozen
from rich.console import Console
from rich.table import Table

from leanwide.cli.compose import engine_spec, residence
from leanwide.engine.base import EngineSpec
from leanwide.engine.ggml import gpu_memory_bytes
from leanwide.engine.shapes import lane_shapes
from leanwide.engine.speed import measure, remember, remembered, sample
from leanwide.models.fit import Fit, Load, Machine, advice, instead, plan, with_speed
from leanwide.models.gguf import GgufHeader
from leanwide.models.memory import LaneShape
from leanwide.models.registry import entries
from leanwide.models.residency import Residence, Residency
from leanwide.models.speed import Rates
from leanwide.options import Options


@frozen(kw_only=True)
class Fitting:
    """A model on this machine, and what to do about it."""

    fit: Fit
    machine: Machine
    residence: Residence
    advice: str
    """One sentence; "" where everything is well."""


def this_machine(options: Options) -> Machine:
    """Ask the system for its memory."""
    memory = psutil.virtual_memory()
    return Machine(
        memory_bytes=memory.total,
        free_bytes=memory.available,
        gpu_bytes=gpu_memory_bytes() if options.model.gpu_layers else 0,
    )


def fitting(header: GgufHeader, options: Options) -> Fitting:
    """Plan the lanes of a model, whichever one the options name.

    The first time for a model this takes a second or two: the kernels' speed is measured.
    """
    model = attrs.evolve(options.model, path=str(header.path))
    options = attrs.evolve(options, model=model)
    spec, machine = engine_spec(options), this_machine(options)
    where = residence(options, header.number("expert_count"))
    mapped = model.weights(header.file_bytes, None).mapped
    load = Load(
        copies=2 if where.residency is Residency.SHARED and not mapped else 1,
        mapped=mapped,
        gpu_layers=model.gpu_layers,
    )
    shapes = lane_shapes(header, spec)
    fit = with_speed(plan(header, load, machine, shapes), _rates(header, spec, shapes))
    better = instead(fit, machine, entries(), header.path.name)
    return Fitting(
        fit=fit, machine=machine, residence=where, advice=advice(header.name, fit, machine, better)
    )


def _rates(header: GgufHeader, spec: EngineSpec, lanes: dict[str, LaneShape]) -> dict[str, Rates]:
    """The kernels' speed for each lane, measured where nobody did; empty on a GPU."""
    found = {}
    for name, shape in lanes.items() if not spec.gpu_layers else ():
        wanted = sample(header, shape.experts, spec.batch_tokens, spec.threads)
        rates = remembered(wanted) if wanted is not None else None
        if wanted is not None and rates is None and (rates := measure(wanted)) is not None:
            remember(wanted, rates)
        if rates is not None:
            found[name] = rates
    return found


def as_data(found: Fitting) -> dict[str, Any]:
    """Give it as JSON has it; units are in the names."""
    return {
        "verdict": found.fit.verdict,
        "needed_bytes": found.fit.needed_bytes,
        "usable_bytes": found.machine.usable_bytes,
        "weights_bytes": found.fit.weights_bytes,
        "gpu_memory_bytes": found.machine.gpu_bytes,
        "residency": found.residence.residency,
        "lanes": [
            {
                "name": lane.name,
                "experts": lane.shape.experts,
                "context_tokens": lane.shape.context_tokens,
                "sequences": lane.shape.sequences,
                "kv_bytes": lane.bytes.kv,
                "compute_bytes": lane.bytes.compute,
                "decode_tokens_per_s": _rounded(lane.decode_tokens_per_s),
                "prompt_tokens_per_s": _rounded(lane.prompt_tokens_per_s),
            }
            for lane in found.fit.lanes
        ],
        "advice": found.advice,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def print_fit(console: Console, data: dict[str, Any]) -> None:
    """Show a fit to a person."""
    table = Table("lane", "experts", "context", "takes at most", "answers", "prompts")
    for lane in data["lanes"]:
        table.add_row(
            lane["name"],
            str(lane["experts"] or "dense"),
            f"{lane['sequences']} x {lane['context_tokens']:,} tokens",
            f"{(lane['kv_bytes'] + lane['compute_bytes']) / 1e6:,.1f} MB",
            _speed(lane["decode_tokens_per_s"]),
            _speed(lane["prompt_tokens_per_s"]),
        )
    console.print(table)
    needed, usable = data["needed_bytes"] / 1e6, data["usable_bytes"] / 1e6
    console.print(
        f"{data['verdict']}: {needed:,.0f} MB with its weights, {usable:,.0f} MB can be used",
        style="dim",
    )
    if data["advice"]:
        console.print(f"[yellow]advice[/]: {data['advice']}")


def _speed(tokens_per_s: float | None) -> str:
    return "not foretold" if tokens_per_s is None else f"{tokens_per_s:,.0f} tokens/s"
