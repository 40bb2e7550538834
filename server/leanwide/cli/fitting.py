"""How a model fits this machine with the user's options, for ``doctor`` and ``models``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import psutil
from attrs import frozen
from rich.console import Console
from rich.markup import escape
from rich.status import Status

from leanwide.cli.compose import engine_spec, residency_of
from leanwide.cli.console import TextConsole
from leanwide.engine.base import EngineSpec
from leanwide.engine.ggml import gpu_memory_bytes
from leanwide.engine.lane_shapes import lane_shapes
from leanwide.engine.speed import LayerSample, layer_samples, measure, rates
from leanwide.models.advice import advice, alternative
from leanwide.models.fit import CACHED_BYTES, Fit, Hardware, Load, plan, with_speed
from leanwide.models.gguf import GgufHeader
from leanwide.models.memory import LaneShape
from leanwide.models.registry import entries
from leanwide.models.residency import Residency, ResidencyChoice
from leanwide.options import Options


@frozen(kw_only=True)
class Fitting:
    """The plan for a model on this machine, and advice."""

    fit: Fit
    machine: Hardware
    residency: ResidencyChoice
    advice: str
    """One sentence; "" where there is nothing to advise."""


def this_machine(options: Options) -> Hardware:
    """Return this machine's memory."""
    memory = psutil.virtual_memory()
    return Hardware(
        memory_bytes=memory.total,
        free_bytes=memory.available,
        gpu_bytes=gpu_memory_bytes() if options.model.gpu_layers else 0,
    )


def fitting(header: GgufHeader, options: Options) -> Fitting:
    """Plan the lanes of a model, in place of the one that the options name.

    The first call for a model takes a few seconds: it measures the speed of the kernels.
    """
    model = attrs.evolve(options.model, path=str(header.path))
    options = attrs.evolve(options, model=model)
    spec, machine = engine_spec(options), this_machine(options)
    residency = residency_of(options, header.number("expert_count"))
    mapped = model.weights(header.file_bytes, None).mapped
    load = Load(
        copies=2 if residency.residency is Residency.SHARED and not mapped else 1,
        mapped=mapped,
        gpu_layers=model.gpu_layers,
    )
    shapes = lane_shapes(header, spec)
    wanted = _samples(header, spec, shapes)
    with _status():
        known = {name: found for name, sample in wanted.items() if (found := rates(sample))}
    fit = with_speed(plan(header, load, machine, shapes), known)
    better = alternative(fit, machine, entries(), header.path.name)
    return Fitting(
        fit=fit,
        machine=machine,
        residency=residency,
        advice=advice(header.name, fit, machine, better),
    )


def measure_again(header: GgufHeader, options: Options) -> None:
    """Measure the speed of the kernels for a model again, for later plans."""
    spec = engine_spec(options)
    with _status():
        for wanted in _samples(header, spec, lane_shapes(header, spec)).values():
            measure(wanted)


def _status() -> Status:
    """Return a spinner on stderr, for a terminal."""
    console = TextConsole(stderr=True)
    doing = "measuring memory and kernels"
    return console.status(doing, spinner=console.spinner, refresh_per_second=2)


def _samples(
    header: GgufHeader, spec: EngineSpec, lanes: Mapping[str, LaneShape]
) -> dict[str, LayerSample]:
    """Return what to measure for each lane; nothing for a model whose speed is not predicted."""
    if spec.gpu_layers or header.file_bytes < CACHED_BYTES:
        return {}
    return layer_samples(header, {name: shape.experts for name, shape in lanes.items()}, spec)


def as_data(found: Fitting) -> dict[str, Any]:
    """Return it for JSON; units are in the names."""
    return {
        "verdict": found.fit.verdict,
        "needed_bytes": found.fit.needed_bytes,
        "usable_bytes": found.machine.usable_bytes,
        "weights_bytes": found.fit.weights_bytes,
        "gpu_memory_bytes": found.machine.gpu_bytes,
        "residency": found.residency.residency,
        "lanes": [
            {
                "name": lane.name,
                "experts": lane.shape.experts,
                "context_tokens": lane.shape.context_tokens,
                "sequences": lane.shape.sequences,
                "kv_bytes": lane.bytes.kv,
                "states_bytes": lane.bytes.states,
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


def print_lanes(console: Console, data: dict[str, Any]) -> None:
    """Print the memory and the predicted speed of each lane."""
    for lane in data["lanes"]:
        takes = (lane["kv_bytes"] + lane["states_bytes"] + lane["compute_bytes"]) / 1e6
        width = f"{lane['experts']} experts" if lane["experts"] else "dense"
        context = f"{lane['sequences']} x {lane['context_tokens']:,} tokens of context"
        console.print(f"{lane['name']} lane: {width}, {context}, at most {takes:,.1f} MB", end="")
        console.print(f"; {speed}" if (speed := speed_words(lane)) else "")


def print_memory(console: Console, data: dict[str, Any]) -> None:
    """Print whether the model fits."""
    needed, usable = data["needed_bytes"] / 1e6, data["usable_bytes"] / 1e6
    console.print(
        f"memory: {data['verdict']}: {needed:,.0f} MB with the weights, "
        f"{usable:,.0f} MB can be used"
    )


def print_advice(console: Console, data: dict[str, Any]) -> None:
    """Print the advice, if there is any."""
    if data["advice"]:
        console.print(f"[yellow]advice[/]: {escape(data['advice'])}")


def speed_words(lane: dict[str, Any]) -> str:
    """Return the predicted speed of a lane in words; "" where there is none."""
    decode, prompt = lane["decode_tokens_per_s"], lane["prompt_tokens_per_s"]
    if decode is None or prompt is None:
        return ""
    return f"answers at {decode:,.0f} tokens/s, reads prompts at {prompt:,.0f}"
