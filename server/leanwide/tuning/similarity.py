"""Similarity of a suggestion and the true text. Pure."""

from __future__ import annotations


def first_line(text: str) -> str:
    """Return the first line of a text without trailing white space."""
    return text.partition("\n")[0].rstrip()


def edit_similarity(one: str, other: str) -> float:
    """Return 1 minus the Levenshtein distance over the longer length; 1 if both are empty."""
    longer = max(len(one), len(other))
    if not longer:
        return 1.0
    above = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        row = [number]
        for place, against in enumerate(other):
            replaced = above[place] + (letter != against)
            row.append(min(replaced, above[place + 1] + 1, row[place] + 1))
        above = row
    return 1.0 - above[-1] / longer
