"""The settings with which a model is used."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from leanwide.modes.profile import LEAN, WIDE

BOTH_LANES: Final = (LEAN, WIDE)


def model_settings(
    path: str, lanes: Collection[str] = BOTH_LANES, replaced: Collection[str] = BOTH_LANES
) -> dict[str, Any]:
    """Return the settings with which lanes run a model.

    Args:
        path: The model's file; "" is the embedded model.
        lanes: One lane, or both.
        replaced: With both: the lanes that may have a model of their own, which they lose.
    """
    if set(lanes) == set(BOTH_LANES):
        return {"model": {"path": path}, "lanes": {lane: {"model": ""} for lane in replaced}}
    return {"lanes": {lane: {"model": path} for lane in lanes}}


def as_toml(settings: Mapping[str, Any]) -> str:
    """Return the settings of a model as lines of a configuration file."""
    tables = {"model": settings.get("model", {})}
    tables |= {f"lanes.{lane}": values for lane, values in settings["lanes"].items()}
    return "\n".join(
        f"[{name}]\n{key} = {json.dumps(value, ensure_ascii=False)}\n"
        for name, values in tables.items()
        for key, value in values.items()
    )
