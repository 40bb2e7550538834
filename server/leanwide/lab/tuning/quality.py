"""How good a completion is, beside what really stood there. Pure."""

from __future__ import annotations

from attrs import frozen

from leanwide.lab.tuning.holes import Hole
from leanwide.syntax import error_count, language_for, parse


@frozen(kw_only=True)
class Quality:
    """What one completion is worth."""

    exact: bool
    """Its first line is the true one, white space at the end left out."""
    similarity: float
    """Edit similarity of the first lines, 0 to 1."""
    parses: bool
    """The file has no more errors with it than with the truth."""


def quality(hole: Hole, text: str) -> Quality:
    """Judge a completion of a hole."""
    said, truth = _first_line(text), _first_line(hole.truth)
    return Quality(
        exact=said == truth,
        similarity=edit_similarity(said, truth),
        parses=_errors(hole, text) <= _errors(hole, hole.truth),
    )


def edit_similarity(one: str, other: str) -> float:
    """Give 1 minus the Levenshtein distance over the longer length; 1 where both are empty."""
    longer = max(len(one), len(other))
    return 1.0 - _distance(one, other) / longer if longer else 1.0


def _distance(one: str, other: str) -> int:
    above = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        row = [number]
        for place, against in enumerate(other):
            replaced = above[place] + (letter != against)
            row.append(min(replaced, above[place + 1] + 1, row[place] + 1))
        above = row
    return above[-1]


def _first_line(text: str) -> str:
    return text.partition("\n")[0].rstrip()


def _errors(hole: Hole, text: str) -> int:
    language = language_for("", hole.view.path)
    return error_count(parse(language, hole.view.with_inserted(text).lines)) if language else 0
