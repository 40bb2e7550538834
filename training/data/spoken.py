"""A function's name as words: does a sentence speak of them, and which do they make themselves."""

import ast
import re
from typing import Final

STEM: Final = 4
"""Letters by which two forms of a word are known as one."""
SHORTEST: Final = 3
"""Letters of the shortest word that a sentence can be held to."""
LEAST: Final = 0.5
"""Part of a name's words that a sentence speaks of when it is about the function."""
MOST_GIVEN: Final = 3
"""Arguments that are worth a mention."""
PLAIN: Final = frozenset({"get", "set", "the", "and", "for", "from", "with"})
"""Words too common to say what a sentence is about, unless a name has no others."""
OPENINGS: Final = {
    "is": "Tell whether it is",
    "has": "Tell whether it has",
    "can": "Tell whether it can",
    "to": "Convert to",
    "from": "Make one from",
    "on": "Act on",
}
"""What a first word that is no verb becomes."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def words(name: str) -> list[str]:
    """Split a name at underscores and where its case changes, in small letters."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+", name)]


def speaks(text: str, function: Function) -> bool:
    """Tell whether a text speaks of at least half of the words that a function is named after.

    Words count as the same when their first letters agree: "parsed" speaks of `parse_header`.
    """
    named = _stems(words(function.name))
    return bool(named) and len(named & _stems(words(text))) >= LEAST * len(named)


def sentence(function: Function) -> str | None:
    """Say what a function's name says, and what it is given; None where its name is one word."""
    named = words(function.name)
    if len(named) < 2 or function.name.endswith("__") or max(map(len, named)) < SHORTEST:
        return None
    opening = OPENINGS.get(named[0], named[0].capitalize())
    told = " ".join((opening, *named[1:]))
    given = [f"`{one.arg}`" for one in function.args.args if one.arg not in {"self", "cls"}]
    if not given or len(given) > MOST_GIVEN:
        return f"{told}."
    *others, last = given
    return f"{told}, given {', '.join(others)} and {last}." if others else f"{told}, given {last}."


def _stems(found: list[str]) -> set[str]:
    long = {word for word in found if len(word) >= SHORTEST}
    return {word[:STEM] for word in (long - PLAIN or long)}
