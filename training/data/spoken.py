"""A function's name as words: whether a sentence mentions them, and a sentence made of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

STEM: Final = 4
"""First letters that two forms of a word share."""
SHORTEST: Final = 3
"""Letters of the shortest word that is looked for."""
LEAST: Final = 0.5
"""Share of a name's words that a sentence about the function mentions."""
MOST_GIVEN: Final = 3
"""Most arguments that are mentioned."""
PLAIN: Final = frozenset({"get", "set", "the", "and", "for", "from", "with"})
"""Words too common to count, unless a name has no others."""
OPENINGS: Final = {
    "is": "Tell whether it is",
    "has": "Tell whether it has",
    "can": "Tell whether it can",
    "to": "Convert to",
    "from": "Make one from",
    "on": "Act on",
}
"""Openings for names whose first word is no verb."""


def words(name: str) -> list[str]:
    """Return the words of a name in lower case, split at underscores and changes of case."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+", name)]


def speaks(text: str, name: str) -> bool:
    """Whether a text mentions at least half of the words of a function's name.

    Words are equal if their first letters are: "parsed" mentions ``parse`` in ``parse_header``.
    """
    named = _stems(words(name))
    return bool(named) and len(named & _stems(words(text))) >= LEAST * len(named)


def sentence(name: str, arguments: Sequence[str]) -> str | None:
    """Return a sentence of a function's name and arguments; None if its name is a single word."""
    named = words(name)
    if len(named) < 2 or name.endswith("__") or max(map(len, named)) < SHORTEST:
        return None
    opening = OPENINGS.get(named[0], named[0].capitalize())
    text = " ".join((opening, *named[1:]))
    given = [f"`{argument}`" for argument in arguments if argument not in {"self", "cls"}]
    if not given or len(given) > MOST_GIVEN:
        return f"{text}."
    *others, last = given
    return f"{text}, given {', '.join(others)} and {last}." if others else f"{text}, given {last}."


def _stems(found: list[str]) -> set[str]:
    long = {word for word in found if len(word) >= SHORTEST}
    return {word[:STEM] for word in (long - PLAIN or long)}
