"""A filter for the code fences that a model puts around code."""

from __future__ import annotations

import re
from typing import Final

from leanwide.context.prose import holds_text
from leanwide.postprocess.around import InCode, code_around
from leanwide.postprocess.filter_context import FilterContext

_TICKS: Final = "```"
_FENCE: Final = re.compile(r"^[ \t]*```[ \t]*+([\w+-]*+)[^`\n]*+(?:\n|\Z)", re.MULTILINE)
_CLOSING: Final = re.compile(r"(?:\A|\n)[ \t]*```|(?<![ \t])[ \t]*```[ \t]*(?=\n|\Z)")


def without_fences(text: str, context: FilterContext) -> str:
    """Drop code fences, and what is outside of them.

    A fence that names a language opens the code; so does another one at the beginning of the
    answer, which anywhere else closes it. In comments, strings and prose, fences are text and stay.
    """
    if _TICKS not in text or holds_text(context.view):
        return text
    in_code = code_around(context.view)
    opening = _first(_FENCE, text, in_code)
    if opening and (opening[1] or not text[: opening.start()].strip()):
        text = text[opening.end() :]
    closing = _first(_CLOSING, text, in_code)
    return text[: closing.start()] if closing else text


def _first(pattern: re.Pattern[str], text: str, in_code: InCode) -> re.Match[str] | None:
    found = pattern.finditer(text)
    return next((match for match in found if in_code(text[: match.start()])), None)
