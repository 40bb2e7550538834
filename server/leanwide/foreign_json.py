"""JSON that another program wrote: what cannot be sent on, or saved, is kept out. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final, NoReturn

_ESCAPED_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE: Final = re.compile(
    rb"""(\\u[dD][89abAB]..\\u[dD][c-fC-F]..   # a pair
         |\\(?!u[dD][89a-fA-F]).)            # any other escape, such as that of a backslash
         |\\u....""",
    re.VERBOSE,
)
"""An escape in valid JSON; in group 1, unless it is a lone surrogate."""


def read_json(body: bytes, *, verbatim: str = "") -> Any:
    """Return what JSON in UTF-8 holds. Lone surrogates become U+FFFD, which has the same length.

    Args:
        body: The text.
        verbatim: The member of the outermost object that stays as it is.

    Raises:
        ValueError: It is not JSON, or a number is too large.
        RecursionError: It is nested too deeply.
    """
    data = _DECODER.decode(body.decode("utf-8"))
    if not _ESCAPED_SURROGATE.search(body):
        return data
    # Replaced before decoding: a walk through what was decoded could be too deep.
    repaired = _DECODER.decode(_ESCAPE.sub(_replaced, body).decode("utf-8"))
    if isinstance(data, dict) and verbatim in data:
        repaired[verbatim] = data[verbatim]
    return repaired


def _replaced(escape: re.Match[bytes]) -> bytes:
    return escape[1] or rb"\ufffd"


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


_CONSTANT: Final[Callable[[str], Any]] = _refuse
"""JSON has neither NaN nor Infinity, and neither can be sent back."""
_DECODER: Final = json.JSONDecoder(parse_float=_finite, parse_constant=_CONSTANT)
