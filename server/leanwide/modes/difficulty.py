"""Guesses from its words how hard a chat question is. Pure.

The guess is cheap and explainable. Only clear signs count; a question without any, or in another
language, is ordinary.
"""

from __future__ import annotations

import enum
import re
from typing import Final

from attrs import frozen


class DifficultyLevel(enum.StrEnum):
    """How hard a question is."""

    TRIVIAL = "trivial"
    """A small edit or a fact: a few experts and a short answer are enough."""
    ORDINARY = "ordinary"
    HARD = "hard"
    """Reasons, trade-offs or several places: worth thinking about."""


@frozen
class Difficulty:
    """A question's level, and the sign of it."""

    level: DifficultyLevel
    reason: str
    """Without a full stop, such as ``it asks why``."""


_MAX_ORDINARY_WORDS: Final = 80
"""Words of an ordinary question: a longer one has several parts."""
_MAX_READ: Final = 4_000
"""Characters of a question that are read, on the event loop; a longer one is hardly ordinary."""
_MAX_TRIVIAL_WORDS: Final = 14
"""Words of a trivial question."""
_MIN_SEVERAL_FILES: Final = 2
"""File names that make a question one about several files."""

_FILE: Final = re.compile(
    r"(?<![\w.])[\w./\\-]{0,255}\w\.(?:pyi?|jsx?|tsx?|c|h|cc|cpp|hpp|cs|go|rs|java|kt|rb|php|lua|sh|sql"
    r"|md|toml|json|ya?ml|html|css)\b(?!\.\w|\()"
)
_HARD: Final = tuple(
    (re.compile(pattern, re.MULTILINE), sign)
    for pattern, sign in (
        (r"\b(several|multiple|all|both|across) (the )?files\b", "it is about several files"),
        (r"^traceback \(most recent|^[ \t]+at \S+\(|\bpanicked at\b", "it shows a failure"),
        (r"\bwhy\b|\bhow come\b|\breason (for|that)\b", "it asks why"),
        (r"\btrade-?offs?\b|\bcompar(e|ed|ison)\b|\bbetter (than|way)\b", "it asks to weigh"),
        (r"\b(re)?design\b|\barchitecture\b|\brefactor\b|\brewrite\b", "it asks for a design"),
        (r"\brace\b|\bdead-?lock\b|\bconcurren|\bthread[- ]?safe", "it is about concurrency"),
        (r"\bprove\b|\bcorrectness\b|\bcomplexity\b|\bedge cases?\b", "it asks for a proof"),
        (r"\bdebug\b|\bmemory leak\b|\bcrash(es|ed)?\b", "it asks for a cause"),
    )
)
_TRIVIAL: Final = tuple(
    (re.compile(pattern), sign)
    for pattern, sign in (
        (r"$|(hi|hello|hey|thanks?|thank you|ok(ay)?|yes|no)\b[\s!.,]*$", "it asks nothing"),
        (
            r"(please )?(add|remove|delete|fix|insert|change|replace|sort)\b.*"
            r"\b(typo|imports?|comments?|type hints?|annotations?|semicolon|comma|docstring)\b",
            "it asks for a small edit",
        ),
        (r"(please )?rename \S+ (to|as) \S+$", "it asks for a small edit"),
        (
            r"(what (is|are|does)|what's|which|where is|how do (i|you) write)\b",
            "it asks for a fact",
        ),
    )
)


def difficulty(question: str) -> Difficulty:
    """Return how hard a question is."""
    text = question.strip()[:_MAX_READ].lower()
    words = len(text.split())
    if sign := _hard_sign(text, words):
        return Difficulty(DifficultyLevel.HARD, sign)
    if sign := _trivial_sign(text, words):
        return Difficulty(DifficultyLevel.TRIVIAL, sign)
    return Difficulty(DifficultyLevel.ORDINARY, "it has no sign of being hard or trivial")


def _hard_sign(text: str, words: int) -> str:
    if len(set(_FILE.findall(text))) >= _MIN_SEVERAL_FILES:
        return "it is about several files"
    for pattern, sign in _HARD:
        if pattern.search(text):
            return sign
    too_long = words > _MAX_ORDINARY_WORDS
    return f"it has more than {_MAX_ORDINARY_WORDS} words" if too_long else ""


def _trivial_sign(text: str, words: int) -> str:
    if words > _MAX_TRIVIAL_WORDS or "\n" in text:
        return ""
    return next((sign for pattern, sign in _TRIVIAL if pattern.match(text)), "")
