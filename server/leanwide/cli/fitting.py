"""How a model fits this machine with the user's options, for ``doctor`` and ``models``."""

from __future__ import annotations

from typing import Any

import attrs
from attrs import frozen
from rich.console import Console
from rich.markup import escape
from rich.status import Status

from leanwide.cli.compose import model_spec, model_specs, with_model
from leanwide.cli.console import TextConsole
from leanwide.engine.devices import list_devices
from leanwide.engine.hardware import hardware
from leanwide.engine.lane_shapes import lane_shapes
from leanwide.engine.placing import Placed, place
from leanwide.engine.specs import ModelSpec
from leanwide.engine.speed import LayerSample, layer_samples, measure, rates
from leanwide.models.advice import advice, alternative
from leanwide.models.fit import CACHED_BYTES, Fit, Hardware, plan, with_speed
from leanwide.models.gguf import read_header
from leanwide.models.gguf_header import GgufHeader
from leanwide.models.placement import Placement
from leanwide.models.registry import entries
from leanwide.options import Options


@frozen(kw_only=True)
class Fitting:
    """The plan for a model on this machine, and advice."""

    fit: Fit
    machine: Hardware
    placed: Placed
    advice: str
    """One sentence; "" where there is nothing to advise."""


def this_machine(options: Options) -> Hardware:
    """Return this machine's memory."""
    return hardware(list_devices().gpus if options.model.gpu_layers != 0 else ())


def placed_engine(header: GgufHeader, options: Options) -> Placed:
    """Return where a model's weights would be, in place of the models that the options name."""
    return place(spec_for(header, options), header, this_machine(options))


def planned(header: GgufHeader, spec: ModelSpec, machine: Hardware) -> Fitting:
    """Plan a model on a machine, without its speed."""
    placed = place(spec, header, machine)
    fit = plan(header, placed.load, machine, lane_shapes(header, placed.spec))
    better = alternative(fit, machine, entries(), header.path.name)
    return Fitting(
        fit=fit,
        machine=machine,
        placed=placed,
        advice=advice(header.name, fit, machine, better),
    )


def fitting(header: GgufHeader, options: Options) -> Fitting:
    """Plan a model on this machine, in place of the models that the options name.

    The first call for a model takes a few seconds: it measures the speed of the kernels.
    """
    return _timed(planned(header, spec_for(header, options), this_machine(options)), header)


def fittings(options: Options) -> list[tuple[GgufHeader, Fitting]]:
    """Plan the models of the options on this machine together, that of completions first.

    Raises:
        ModelFileError: A file is no model.
    """
    machine, found = this_machine(options), []
    for spec in model_specs(options):
        header = read_header(spec.model_path)
        fitting = _timed(planned(header, spec, machine), header)
        found.append((header, fitting))
        machine = machine.besides(fitting.fit)
    return found


def _timed(found: Fitting, header: GgufHeader) -> Fitting:
    """Return a plan with the speed of its lanes."""
    wanted = _samples(header, found.placed.spec)
    with _status():
        known = {name: speed for name, sample in wanted.items() if (speed := rates(sample))}
    return attrs.evolve(found, fit=with_speed(found.fit, known))


def spec_for(header: GgufHeader, options: Options) -> ModelSpec:
    """Return how a model runs both lanes, in place of the models that the options name."""
    return model_spec(with_model(options, header.path))


def measure_again(options: Options) -> None:
    """Measure the speed of the kernels for the models of the options again, for later plans.

    Raises:
        ModelFileError: A file is no model.
    """
    machine = this_machine(options)
    for spec in model_specs(options):
        header = read_header(spec.model_path)
        with _status():
            for wanted in _samples(header, place(spec, header, machine).spec).values():
                measure(wanted)


def _status() -> Status:
    """Return a spinner on stderr, for a terminal."""
    console = TextConsole(stderr=True)
    doing = "measuring memory and kernels"
    return console.status(doing, spinner=console.spinner, refresh_per_second=2)


def _samples(header: GgufHeader, spec: ModelSpec) -> dict[str, LayerSample]:
    """Return what to measure for each lane; nothing for a model whose speed is not predicted."""
    if spec.gpu_layers or header.file_bytes < CACHED_BYTES:
        return {}
    experts = {name: shape.experts for name, shape in lane_shapes(header, spec).items()}
    return layer_samples(header, experts, spec)


def as_data(found: Fitting) -> dict[str, Any]:
    """Return it for JSON; units are in the names."""
    return {
        "verdict": found.fit.verdict,
        "needed_bytes": found.fit.needed_bytes,
        "usable_bytes": found.machine.usable_bytes,
        "weights_bytes": found.fit.weights_bytes,
        "memory_bytes": found.fit.memory_bytes,
        "gpu_memory_bytes": found.machine.gpu_bytes,
        "gpu_bytes": found.fit.gpu_bytes,
        "gpu_layers": found.placed.load.placement.gpu_layers,
        "cpu_expert_layers": found.placed.load.placement.cpu_expert_layers,
        "plan": plan_words(found.fit, found.machine),
        "residency": found.placed.residency.residency,
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


def plan_words(fit: Fit, machine: Hardware) -> str:
    """Return where the weights are, in sentences; "" where no GPU is used."""
    placement, handles = fit.load.placement, fit.load.handles
    if not fit.on_gpu_bytes:
        return ""
    inside = placement.cpu_expert_layers
    parts = [
        f"GPU: {_layers_words(placement, fit.cost.layers)}, {handles} x "
        f"{fit.on_gpu_bytes / handles / 1e6:,.0f} MB of weights; with KV caches and buffers "
        f"{fit.gpu_bytes / 1e6:,.0f} MB"
    ]
    if machine.gpu_bytes:
        parts[0] += f" of the {machine.gpu_bytes / 1e6:,.0f} MB that can be used"
    if inside:
        share = " once for both lanes" if fit.load.mapped else ""
        parts.append(
            f"memory: the experts of {min(inside, fit.cost.layers)} layers and the embedding,"
            f"{share} {fit.memory_bytes / 1e6:,.0f} MB"
        )
    return "; ".join(parts)


def _layers_words(placement: Placement, layers: int) -> str:
    count = placement.gpu_layers
    if 0 <= count <= layers:
        return f"{count} of {layers + 1} layers"
    if placement.cpu_expert_layers:
        return "attention, norms and KV cache of all layers"
    return "all layers"


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


def print_memory(console: Console, data: dict[str, Any], what: str = "memory") -> None:
    """Print whether the model fits."""
    if data["plan"]:
        console.print(data["plan"], markup=False)
    needed, usable = data["memory_bytes"] / 1e6, data["usable_bytes"] / 1e6
    console.print(
        f"{what}: {data['verdict']}: {needed:,.0f} MB with the weights, "
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
