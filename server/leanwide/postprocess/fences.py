"""Code fences that a model puts around code; those of the document's own text stay."""

from __future__ import annotations

import re
from typing import Final

from leanwide.context.prose import holds_text
from leanwide.postprocess.around import InCode, code_around
from leanwide.postprocess.filter_context import FilterContext

_TICKS: Final = "```"
_FENCE: Final = re.compile(r"^[ \t]*```[ \t]*([\w+-]*)[^`\n]*(?:\n|\Z)", re.MULTILINE)
_CLOSING: Final = re.compile(r"(?:\A|\n)[ \t]*```|[ \t]*```[ \t]*(?=\n|\Z)")


def without_fences(text: str, setting: FilterContext) -> str:
    """Drop code fences and what stands around them, where they stand in code.

    A fence that names a language opens the code, and what stands before it is talk. Another one
    at the beginning opens it too, and anywhere else it closes. In comments, strings and prose a
    fence is text.
    """
    if _TICKS not in text or holds_text(setting.view):
        return text
    in_code = code_around(setting.view)
    opening = _first(_FENCE, text, in_code)
    if opening and (opening[1] or not text[: opening.start()].strip()):
        text = text[opening.end() :]
    closing = _first(_CLOSING, text, in_code)
    return text[: closing.start()] if closing else text


def _first(pattern: re.Pattern[str], text: str, in_code: InCode) -> re.Match[str] | None:
    found = pattern.finditer(text)
    return next((match for match in found if in_code(text[: match.start()])), None)
