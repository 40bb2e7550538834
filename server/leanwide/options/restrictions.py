"""Which settings each source may set: a workspace never names programs, models or addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from leanwide.files.shown import first_few, shown
from leanwide.options.layers import Layer

WORKSPACE_FILE: Final = ".leanwide.toml"
WORKSPACE_SECTIONS: Final = ("modes", "languages", "completion", "files", "next_edit")
"""What a workspace may set: budgets, languages, exclusions. Next edits it may only switch off."""
_ENGINE_KEYS: Final = ("residency", "share_engine")
"""What the section ``machine`` says of the engine."""
SERVER_SETTINGS: Final = (
    "url", "server_model", "key_file", "ca_file", "allow_http", "fallback"
)  # fmt: skip
"""What a lane's own section says of its server; the user's own file alone sets it."""
_ADDED_TO: Final = (("files", "exclude"), ("languages", "off"))
"""Lists that a folder may add to: it takes back nothing that the user excludes."""
_FOLDER_SECTIONS: Final = ("files",)
"""What a second or later folder of a workspace may set, for its own files."""
_ENGINE_SECTIONS: Final = ("model", "lanes", "cache")
"""What configures the engine; where sessions share one, none of them sets it."""


def restrict_editor(layer: Layer) -> tuple[Layer, tuple[str, ...]]:
    """Keep all but servers and their keys: editors pass on settings of the folder that is open."""
    lanes = layer.values.get("lanes")
    if not isinstance(lanes, Mapping):
        return layer, ()
    kept = _without(lanes, SERVER_SETTINGS)
    refused = [
        f"lanes.{name}.{key}"
        for name, lane in lanes.items()
        if isinstance(lane, Mapping)
        for key in lane
        if key in SERVER_SETTINGS
    ]
    if not refused:
        return layer, ()
    problem = (
        f"{shown(layer.source)} may name no server: ignored {first_few(sorted(refused))} "
        "(put it into your own user file)"
    )
    return attrs.evolve(layer, values={**layer.values, "lanes": kept}), (problem,)


def _without(tables: Mapping[str, object], keys: Sequence[str]) -> dict[str, object]:
    """Return tables without some of their keys; what is no table stays."""
    return {
        name: {key: table[key] for key in table if key not in keys}
        if isinstance(table, Mapping)
        else table
        for name, table in tables.items()
    }


def restrict_workspace(layer: Layer) -> tuple[Layer, tuple[str, ...]]:
    """Keep what a workspace may set; problems name the rest. It adds to the user's exclusions.

    It chooses no lane: one that the user has at a server would get what was meant for another.
    """
    kept, refused = _split(layer, WORKSPACE_SECTIONS)
    problems = []
    if refused:
        may = " and ".join((", ".join(WORKSPACE_SECTIONS[:-1]), WORKSPACE_SECTIONS[-1]))
        problems.append(
            f"{shown(layer.source)} may set {may} only: ignored {refused} "
            "(put it into your own user file)"
        )
    modes = kept.values.get("modes")
    if isinstance(modes, Mapping):
        chosen = [
            f"modes.{name}.lane"
            for name, mode in modes.items()
            if isinstance(mode, Mapping) and "lane" in mode
        ]
        kept = attrs.evolve(kept, values={**kept.values, "modes": _without(modes, ("lane",))})
        if chosen:
            problems.append(
                f"{shown(layer.source)} may choose no lane: ignored {first_few(sorted(chosen))} "
                "(put it into your own user file)"
            )
    kept, refused = _only_off(kept)
    if refused:
        problems.append(
            f"{shown(layer.source)} may only switch next edits off: ignored {refused} "
            "(put it into your own user file)"
        )
    return attrs.evolve(kept, adds_to=_ADDED_TO), tuple(problems)


def _only_off(layer: Layer) -> tuple[Layer, str]:
    """Return a layer that may switch next edits off, and the names of the rest; "" for none."""
    section = layer.values.get("next_edit")
    if not isinstance(section, Mapping):
        return layer, ""
    kept = {key: value for key, value in section.items() if key == "enabled" and value is False}
    refused = sorted(f"next_edit.{key}" for key in section if key not in kept)
    values = {**layer.values, "next_edit": kept}
    return attrs.evolve(layer, values=values), first_few(refused) if refused else ""


def restrict_further_folder(layer: Layer) -> tuple[Layer, tuple[str, ...]]:
    """Keep what a workspace's second and later folders may set; one problem names the rest.

    It adds to the user's exclusions.
    """
    kept, refused = _split(layer, _FOLDER_SECTIONS)
    kept = attrs.evolve(kept, adds_to=_ADDED_TO)
    if not refused:
        return kept, ()
    problem = (
        f"{shown(layer.source)} may set {' and '.join(_FOLDER_SECTIONS)} only, for it is not the "
        f"first folder's: ignored {refused}"
    )
    return kept, (problem,)


def restrict_session(layer: Layer) -> tuple[Layer, tuple[str, ...]]:
    """Keep what one of several sessions may set; one problem names the engine's settings."""
    values = {key: value for key, value in layer.values.items() if key not in _ENGINE_SECTIONS}
    refused = [key for key in _ENGINE_SECTIONS if key in layer.values]
    machine = values.get("machine")
    if isinstance(machine, Mapping):
        values["machine"] = _without({"machine": machine}, _ENGINE_KEYS)["machine"]
        refused += [f"machine.{key}" for key in _ENGINE_KEYS if key in machine]
    if not refused:
        return layer, ()
    problem = (
        f"{layer.source} may not set {', '.join(refused)}: all sessions share one engine "
        "(put it into your own user file, and start the server again)"
    )
    return attrs.evolve(layer, values=values), (problem,)


def _split(layer: Layer, sections: Sequence[str]) -> tuple[Layer, str]:
    """Return a layer with some sections only, and the names of the others; "" for none."""
    kept = {key: value for key, value in layer.values.items() if key in sections}
    refused = sorted(set(layer.values) - set(kept))
    return Layer(layer.source, kept), first_few(refused) if refused else ""
