"""What to say of a model that does not fit, and what to choose instead. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leanwide.models.fit import Fit, Hardware, Load, Verdict, plan
from leanwide.models.gguf import GgufHeader
from leanwide.models.memory import LaneShape
from leanwide.models.registry import RegistryEntry, entries


def instead(
    fit: Fit, machine: Hardware, entries: Sequence[RegistryEntry], file: str
) -> RegistryEntry | None:
    """Choose the best recommended model that fits with the same lanes; None where none does.

    Other quantisations of the same model come first: they answer alike.
    """
    cells = sum(lane.shape.context_tokens * lane.shape.sequences for lane in fit.lanes)
    compute = sum(lane.bytes.compute for lane in fit.lanes)

    def needs(entry: RegistryEntry) -> int:
        return entry.size_bytes + entry.kv_bytes_per_token * cells + compute

    fitting = [entry for entry in entries if needs(entry) <= machine.usable_bytes]
    same = [entry.repo for entry in entries if entry.file == file]
    return min(fitting, key=lambda entry: entry.repo not in same, default=None)


def advice(name: str, fit: Fit, machine: Hardware, better: RegistryEntry | None) -> str:
    """Say in one sentence what is wrong with the fit and what to do; "" where it fits."""
    needs, have = _gb(fit.needed_bytes), _gb(machine.usable_bytes)
    choose = (
        f"`leanwide models pull {better.name}` brings a smaller one that fits ({better.size_gb} GB)"
        if better is not None
        else "choose a smaller model"
    )
    match fit.verdict:
        case Verdict.FITS:
            return _shorter(fit)
        case Verdict.CROWDED:
            return f"{name} needs {needs} and {_gb(machine.free_bytes)} are free: close something"
        case Verdict.STREAMS:
            return (
                f"{name} needs {needs} of memory where {have} can be used: it is read from disk "
                f"again and again, which is many times slower; {choose}"
            )
        case Verdict.TOO_LARGE if fit.on_gpu_bytes:
            return (
                f"{name} needs {needs}, {_gb(fit.on_gpu_bytes)} of it for weights on a GPU with "
                f"{_gb(machine.gpu_bytes)}: lower model.gpu_layers"
            )
        case Verdict.TOO_LARGE:
            return (
                f"{name} needs {needs} where {have} can be used: set model.use_mmap = true and "
                f"model.use_extra_bufts = false; {choose}"
            )


def _shorter(fit: Fit) -> str:
    """Say which lane gets a shorter context than it was asked for."""
    for lane in fit.lanes:
        if lane.shape.context_tokens < lane.wanted_tokens:
            return (
                f"beside the weights the {lane.name} lane has memory for "
                f"{lane.shape.context_tokens:,} of {lane.wanted_tokens:,} tokens: lower "
                f"lanes.{lane.name}.sequences, or the context_tokens of its modes"
            )
    return ""


def load_notice(
    header: GgufHeader, machine: Hardware, lanes: Mapping[str, LaneShape], load: Load
) -> str:
    """Say at the load what :func:`advice` says of a model that does not fit; "" where it does."""
    fit = plan(header, load, machine, lanes)
    if fit.verdict in (Verdict.FITS, Verdict.CROWDED):
        return ""
    better = instead(fit, machine, entries(), header.path.name)
    return advice(header.name, fit, machine, better)


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
