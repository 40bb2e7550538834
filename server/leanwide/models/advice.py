"""Messages about a model that does not fit this machine, and an alternative to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leanwide.models.choice import needed_bytes, serves_both
from leanwide.models.fit import Fit, Hardware, Load, Verdict, plan
from leanwide.models.gguf_header import GgufHeader
from leanwide.models.memory import LaneShape
from leanwide.models.registry import RegistryEntry, entries


def alternative(
    fit: Fit, machine: Hardware, entries: Sequence[RegistryEntry], file: str
) -> RegistryEntry | None:
    """Return the best recommended model that fits with the same lanes; None if none does.

    Prefers other quantisations of the same model: their answers are similar.
    """
    shapes = [lane.shape for lane in fit.lanes]
    room = machine.usable_bytes - sum(lane.bytes.compute for lane in fit.lanes)
    fitting = [
        entry for entry in entries if serves_both(entry) and needed_bytes(entry, shapes) <= room
    ]
    same = [entry.repo for entry in entries if entry.file == file]
    return min(fitting, key=lambda entry: entry.repo not in same, default=None)


def advice(name: str, fit: Fit, machine: Hardware, better: RegistryEntry | None) -> str:
    """Return one sentence on what is wrong with the fit and what to do; "" if it fits."""
    needs, have = _gb(fit.memory_bytes), _gb(machine.usable_bytes)
    choose = (
        f"`leanwide models pull {better.name}` brings a smaller one that fits "
        f"({_gb(better.size_bytes)})"
        if better is not None
        else "choose a smaller model"
    )
    match fit.verdict:
        case Verdict.FITS:
            return _shortened_context(fit)
        case Verdict.CROWDED:
            return f"{name} needs {needs} and {_gb(machine.free_bytes)} are free: close something"
        case Verdict.STREAMS:
            return (
                f"{name} needs {needs} of memory where {have} can be used: it is read from disk "
                f"again and again, which is many times slower; {choose}"
            )
        case Verdict.TOO_LARGE if fit.on_gpu_bytes:
            return (
                f"{name} needs {_gb(fit.gpu_bytes)}, {_gb(fit.on_gpu_bytes)} of it for weights, "
                f"on a GPU with {_gb(machine.gpu_bytes or 0)}: set model.gpu_layers and "
                'model.cpu_expert_layers to "auto"'
            )
        case Verdict.TOO_LARGE:
            return (
                f"{name} needs {needs} where {have} can be used: set model.use_mmap = true and "
                f"model.use_extra_bufts = false; {choose}"
            )


def _shortened_context(fit: Fit) -> str:
    """Return a sentence on the first lane with a shorter context than wanted; "" if none has."""
    for lane in fit.lanes:
        if lane.shape.context_tokens < lane.wanted_tokens:
            return (
                f"besides the weights the {lane.name} lane has memory for "
                f"{lane.shape.context_tokens:,} of {lane.wanted_tokens:,} tokens: lower "
                f"lanes.{lane.name}.sequences, or the context_tokens of its modes"
            )
    return ""


def load_notice(
    header: GgufHeader, machine: Hardware, lanes: Mapping[str, LaneShape], load: Load
) -> str:
    """Return the :func:`advice` on loading a model that does not fit; "" if it does."""
    fit = plan(header, load, machine, lanes)
    if fit.verdict in (Verdict.FITS, Verdict.CROWDED):
        return ""
    better = alternative(fit, machine, entries(), header.path.name)
    return advice(header.name, fit, machine, better)


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
