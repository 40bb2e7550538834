"""The sampling that a model's authors recommend in its file, under llama.cpp's keys."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from attrs import frozen

from leanwide.models.gguf_header import GgufHeader


@frozen
class _Key:
    name: str
    """After ``general.sampling.``."""
    least: float
    most: float
    whole: bool = False


_KEYS: Final = {
    "temperature": _Key("temp", 0.0, 2.0),
    "top_k": _Key("top_k", 0, 2**31 - 1, whole=True),
    "top_p": _Key("top_p", 0.01, 1.0),
    "min_p": _Key("min_p", 0.0, 0.99),
    "repeat_penalty": _Key("penalty_repeat", 1.0, 2.0),
    "penalty_tokens": _Key("penalty_last_n", 0, 4096, whole=True),
}
"""Our name → the key in the file, and the values that are taken from it."""


def recommended_sampling(header: GgufHeader) -> Mapping[str, float | int]:
    """Return what the file recommends, by our names; values that make no sense are left out."""
    found: dict[str, float | int] = {}
    for ours, key in _KEYS.items():
        value = header.metadata.get(f"general.sampling.{key.name}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if math.isfinite(value) and key.least <= value <= key.most:
            found[ours] = int(value) if key.whole else round(float(value), 4)
    return found
