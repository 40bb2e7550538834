"""Merges layers into options, and describes the keys and values that do not fit."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import reduce
from typing import Any, Final, get_type_hints

import attrs

from leanwide.files.shown import shown, shown_value
from leanwide.options.layers import Layer, built_in
from leanwide.options.schema import Options
from leanwide.options.values import CONVERTER

_MAX_UNKNOWN: Final = 5
"""Unknown keys of one section that are named; the others are counted."""
_SAMPLING: Final = {"temperature", "top_k", "top_p"}


def parse(*layers: Layer) -> tuple[Options, tuple[str, ...]]:
    """Merge layers, lowest first, over the built-in ones; return the options and all problems."""
    merged: dict[str, Any] = dict(built_in().values)
    problems: list[str] = []
    checked = [_check(layer.values, Options, "", shown(layer.source), problems) for layer in layers]
    whole = reduce(_merge, checked, merged)
    # The model of the lean lane, which ``leanwide tune`` measures.
    model = str(whole["lanes"]["lean"]["model"] or whole["model"]["path"])
    for layer, values in zip(layers, checked, strict=True):
        if reason := layer.why_not(model):
            problems.append(f"{shown(layer.source)} is ignored: {reason}")
        else:
            joined = _with_lists_below(layer, values, merged, problems)
            merged = _merge(merged, _with_own_sampling(joined))
    return CONVERTER.structure(merged, Options), tuple(problems)


def _with_lists_below(
    layer: Layer, values: dict[str, Any], below: dict[str, Any], problems: list[str]
) -> dict[str, Any]:
    """Return a layer's settings, with the layers' below in the lists that it adds to.

    Those below come last, as a later pattern of ``files.exclude`` overrules an earlier one. A list
    that gets too long is left out, and is a problem.
    """
    fields = attrs.fields_dict(Options)
    for section, key in layer.adds_to:
        if key not in values.get(section, {}):
            continue
        kind: Any = fields[section].type
        joined = [*values[section][key], *below[section][key]]
        if problem := _problem(joined, get_type_hints(kind)[key], attrs.fields_dict(kind)[key]):
            problems.append(f"{shown(layer.source)}: {section}.{key} with your own: {problem}")
        others = {name: value for name, value in values[section].items() if name != key}
        kept = others if problem else {**others, key: joined}
        values = {**values, section: kept}
    return values


def _with_own_sampling(values: dict[str, Any]) -> dict[str, Any]:
    """Return a layer's settings; who sets a mode's sampling does not want the model file's."""
    modes = {
        name: {"recommended_sampling": False, **mode} if _SAMPLING & mode.keys() else mode
        for name, mode in values.get("modes", {}).items()
    }
    return {**values, "modes": modes} if modes else values


def _check(
    values: Mapping[str, Any], kind: type, prefix: str, source: str, problems: list[str]
) -> dict[str, Any]:
    """Return the keys and values that fit the class ``kind``; add the others to ``problems``."""
    fields = {attribute.name: attribute for attribute in attrs.fields(kind)}
    hints = get_type_hints(kind)
    good: dict[str, Any] = {}
    unknown = [key for key in values if key not in fields]
    problems += [_unknown(key, prefix, list(fields), source) for key in unknown[:_MAX_UNKNOWN]]
    if (more := len(unknown) - _MAX_UNKNOWN) > 0:
        problems.append(f"{source}: {more:,} other names are no settings either")
    for key, value in values.items():
        name = f"{prefix}{key}"
        if key not in fields:
            continue
        if attrs.has(hints[key]):
            if isinstance(value, Mapping):
                good[key] = _check(value, hints[key], f"{name}.", source, problems)
            else:
                problems.append(f"{source}: {name} is a section, not a value")
        elif problem := _problem(value, hints[key], fields[key]):
            problems.append(f"{source}: {name} = {shown_value(value)}: {problem}")
        else:
            good[key] = value
    return good


def _unknown(key: str, prefix: str, known: list[str], source: str) -> str:
    key = shown(key)
    near = difflib.get_close_matches(key.rsplit(".", 1)[-1], known, n=1, cutoff=0.0)
    return f"{source}: there is no setting {prefix}{key}; did you mean {prefix}{near[0]}?"


def _problem(value: Any, kind: Any, attribute: attrs.Attribute[Any]) -> str:
    """Return what is wrong with a value; "" if nothing is."""
    try:
        structured = CONVERTER.structure(value, kind)
        if attribute.validator is not None:
            attribute.validator(None, attribute, structured)
    except ValueError as error:
        return shown(error.args[0])
    except OverflowError:
        return "this is too large"
    return ""


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(old, value) if both else value  # type: ignore[arg-type]  # both
    return merged
