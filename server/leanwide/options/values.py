"""Strict conversion of single values: a number in quotes is no number, and the error says so."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Final, TypeVar

import cattrs

from leanwide.models.expert_count import ExpertWidth
from leanwide.models.placement import AutoLayers

_INTEGER_LIMIT: Final = 2**31
"""Integers are smaller, without their sign: llama.cpp has 32 bits for them."""

_Member = TypeVar("_Member", bound=StrEnum)


def _boolean(value: Any, _: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("this needs true or false")


def _text(value: Any, _: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("this needs a text")


def _texts(value: Any, _: Any) -> tuple[str, ...]:
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError("this needs a list of texts")


def _integer(value: Any, _: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("this needs a whole number")
    if abs(value) >= _INTEGER_LIMIT:
        raise ValueError(f"this needs a whole number below {_INTEGER_LIMIT}")
    return value


def _number(value: Any, _: Any) -> float:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    if known and math.isfinite(number := float(value)):
        return number
    raise ValueError("this needs a number")


def _member(value: Any, kind: type[_Member]) -> _Member:
    return _member_or(value, kind, ())


def _integer_or(kind: type[_Member]) -> Callable[[Any, Any], int | _Member]:
    """Return a hook for a whole number or a member of an enum."""

    def structure(value: Any, _: Any) -> int | _Member:
        if isinstance(value, int) and not isinstance(value, bool):
            return _integer(value, int)
        return _member_or(value, kind, ("a whole number",))

    return structure


def _member_or(value: Any, kind: type[_Member], others: Sequence[str]) -> _Member:
    """Return the member of an enum with a value.

    Raises:
        ValueError: There is none; the message names all members, and ``others``.
    """
    if value in tuple(kind):
        return kind(value)
    *first, last = *others, *(f'"{member}"' for member in kind)
    raise ValueError(f"this needs {', '.join(first)} or {last}")


def _new_converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_structure_hook(int, _integer)
    converter.register_structure_hook(bool, _boolean)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(StrEnum, _member)
    converter.register_structure_hook(int | ExpertWidth, _integer_or(ExpertWidth))
    converter.register_structure_hook(int | AutoLayers, _integer_or(AutoLayers))
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _texts)
    return converter


CONVERTER: Final = _new_converter()
"""Structures options, strictly."""
