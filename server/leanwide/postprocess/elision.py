"""Lines in which a model says that it left text out, such as ``// ... rest of the code``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_MARK: Final = r"\s*+(?:#|//|/\*|--|<!--|;|%|\(|\[|\{/\*|\*)*\s*"
_END: Final = r"[\s.…!:)\]]*+(?:\*/\}?|-->|\*)?[\s)\]]*"
_DOTS: Final = r"(?:\.{3}|…)\s*"
_CODE: Final = (
    r"(?:code|methods?|functions?|fields?|class|file|text|document|content|lines?|imports?|logic|"
    r"implementation|items?|entries|keys|sections?|message)"
)
_ELISION: Final = re.compile(
    rf"{_MARK}(?:"
    rf"{_DOTS}\(?(?:the )?"
    rf"(?:rest|remain\w*|existing|other|previous|same|unchanged|keep|more)\b.*"
    rf"|(?:the )?(?:rest|remainder) of (?:the|your|this) .*?\b{_CODE}\b.*"
    rf"|(?:existing|other|previous|remaining|unchanged) {_CODE}(?: \w+)?"
    rf"(?: (?:here|remains?|unchanged|stays?|is|are|the same|as before))*"
    rf"){_END}",
    re.IGNORECASE,
)
_IS_MARKED: Final = re.compile(r"\s*(?:#|//|/\*|--|<!--|;|%|\(|\[|\{/\*|\*|\.{3}|…)")


def left_out(before: Sequence[str], after: Sequence[str]) -> str:
    """Return the first line that stands for text left out; "" if there is none that is new."""
    known = {line.strip() for line in before}
    for line in after:
        if line.strip() not in known and is_elision(line):
            return line.strip()
    return ""


def is_elision(line: str) -> bool:
    """Whether a line says that text was left out."""
    return _IS_MARKED.match(line) is not None and _ELISION.fullmatch(line) is not None
