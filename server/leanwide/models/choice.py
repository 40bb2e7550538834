"""Which recommended models suit a machine: one for both lanes, and one for each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from leanwide.models.fit import Hardware
from leanwide.models.memory import LaneShape
from leanwide.models.registry import RegistryEntry


@frozen(kw_only=True)
class Pair:
    """Two models that fit into the memory together."""

    lean: RegistryEntry
    wide: RegistryEntry
    needed_bytes: int


@frozen(kw_only=True)
class Choice:
    """The best models for an amount of memory."""

    both: RegistryEntry | None
    """Serves both lanes; None if none fits."""
    pair: Pair | None
    """None if no two fit together."""


def needed_bytes(entry: RegistryEntry, lanes: Iterable[LaneShape]) -> int:
    """Return the memory of the weights and of the KV caches of lanes, without buffers."""
    cells = sum(min(lane.context_tokens, entry.context_tokens) * lane.sequences for lane in lanes)
    return entry.size_bytes + cells * entry.kv_bytes_per_token


def serves_both(entry: RegistryEntry) -> bool:
    """Whether a model suits the lean and the wide lane."""
    return {"lean", "wide"} <= set(entry.lanes)


def choose(entries: Sequence[RegistryEntry], lanes: Mapping[str, LaneShape], room: int) -> Choice:
    """Return the best models, best first in ``entries``, that fit into ``room`` bytes."""
    fitting = (
        entry
        for entry in entries
        if serves_both(entry) and needed_bytes(entry, lanes.values()) <= room
    )
    return Choice(both=next(fitting, None), pair=next(_pairs(entries, lanes, room), None))


def _pairs(
    entries: Sequence[RegistryEntry], lanes: Mapping[str, LaneShape], room: int
) -> Iterator[Pair]:
    """Yield the pairs that fit, those with the best wide model first.

    The lean model is made for suggestions, and uses fewer parameters for a token: a second model is
    for speed while typing.
    """
    for wide in (entry for entry in entries if "wide" in entry.lanes):
        for lean in (entry for entry in entries if entry.lanes == ("lean",)):
            needed = needed_bytes(lean, [lanes["lean"]]) + needed_bytes(wide, [lanes["wide"]])
            if lean.active_parameters < wide.active_parameters and needed <= room:
                yield Pair(lean=lean, wide=wide, needed_bytes=needed)


def choice_advice(
    entries: Sequence[RegistryEntry], lanes: Mapping[str, LaneShape], machine: Hardware
) -> str:
    """Return in a sentence what suits a machine, and in another what its graphics card holds."""
    found = choose(entries, lanes, machine.usable_bytes)
    advice = _memory_advice(found, lanes, machine)
    card = machine.gpu_bytes or 0
    if held := choose(entries, lanes, card).both:
        advice += f" Its graphics card ({_gb(card)}) holds {held.name}, which is faster there."
    return advice


def _memory_advice(found: Choice, lanes: Mapping[str, LaneShape], machine: Hardware) -> str:
    have = f"This machine has {_gb(machine.memory_bytes)} of memory"
    if found.both is None:
        return f"{have}, too little for these models: use the one that ships with leanwide."
    takes = _gb(needed_bytes(found.both, lanes.values()))
    one = f"{have}: take {found.both.name} for both lanes ({takes})"
    if found.pair is None:
        return f"{one}."
    return (
        f"{one}, or a pair ({_gb(found.pair.needed_bytes)}): {found.pair.lean.name} for the lean "
        f"lane, quicker while you type, and {found.pair.wide.name} for the wide lane."
    )


def suitability(needed: int, machine: Hardware) -> str:
    """Return in a phrase whether a machine holds a model that needs so many bytes, and why."""
    takes = f"takes {_gb(needed)}"
    if needed <= (machine.gpu_bytes or 0):
        return f"fits: {takes}, whole on the graphics card"
    if needed > machine.usable_bytes:
        return f"too large: {takes}, and {_gb(machine.usable_bytes)} can be used"
    if needed > machine.free_bytes:
        return f"fits once other programs are closed: {takes}"
    return f"fits: {takes} of {_gb(machine.usable_bytes)}"


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
