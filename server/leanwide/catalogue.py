"""The recommended models on this machine: what fits, what is pulled, and what to take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from leanwide.models.choice import choice_advice, choose, needed_bytes, suitability
from leanwide.models.fit import Hardware
from leanwide.models.memory import LaneShape
from leanwide.models.registry import RegistryEntry, entries
from leanwide.models.store import pulled_models, pulled_path, unfinished_parts
from leanwide.options import Options
from leanwide.options.model_files import lanes_by_name, model_path


def listing(options: Options, machine: Hardware) -> dict[str, Any]:
    """Return the recommended models and those that were pulled, as data. Reads the disk."""
    lanes = _lanes(options)
    best = choose(entries(), lanes, machine.usable_bytes)
    others = set(pulled_models()) - {pulled_path(entry.source) for entry in entries()}
    return {
        "models": [_row(entry, lanes, machine) for entry in entries()],
        "others": [str(path) for path in sorted(others)],
        "choice": {
            "both": best.both and best.both.name,
            "lean": best.pair and best.pair.lean.name,
            "wide": best.pair and best.pair.wide.name,
        },
        "advice": choice_advice(entries(), lanes, machine),
        "in_use": {lane: str(model_path(options, lane)) for lane in lanes},
    }


def _lanes(options: Options) -> dict[str, LaneShape]:
    """Return the lanes that the options want, whatever model is in use."""
    return {
        name: LaneShape(
            context_tokens=options.engine.lane_tokens[name],
            sequences=lane.sequences,
            experts=0,
            batch_tokens=options.model.batch_tokens,
        )
        for name, lane in lanes_by_name(options).items()
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
        "suitability": suitability(needed, machine),
        "path": str(path) if path.exists() else None,
        "part_bytes": sum(part.stat().st_size for part in unfinished_parts(path)),
    }
