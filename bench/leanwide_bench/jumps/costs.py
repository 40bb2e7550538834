"""What a prompt cost, and how much of the file around the cursor it holds. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import frozen

from leanwide_bench.replay.measure import Record

_BY_REQUEST: Final = ("model", "cache", "none")
"""Sources of the record that ends a request; one in between says that its answer was growing."""


@frozen(kw_only=True)
class PromptCost:
    """What the model read for one suggestion."""

    evaluated: int
    """Tokens of the prompt that were evaluated before the first new token."""
    reused: int
    """Tokens of the prompt that were in the KV cache."""
    around: int
    """Tokens of the file, as it is or as it was opened, that stand in the prompt as one run of text
    around the cursor, by its share of the prompt's characters."""


def ending(records: Iterable[Record]) -> Record | None:
    """Return the first record that ends a request; None if none does."""
    return next((record for record in records if record["source"] in _BY_REQUEST), None)


@frozen
class Around:
    """The text of a file around the cursor."""

    before: str
    after: str


def prompt_cost(record: Record, texts: Iterable[Around]) -> PromptCost | None:
    """Return what the prompt of a record cost; None if the model was not asked.

    Args:
        record: What the server says about the request.
        texts: The file as it is, and as it was when it was opened.
    """
    if record["source"] != "model":
        return None
    evaluated, reused = int(record["tokensEvaluated"]), int(record["tokensReused"])
    share = max(_share_around(str(record["prompt"]), text) for text in texts)
    return PromptCost(
        evaluated=evaluated, reused=reused, around=round(share * (evaluated + reused))
    )


def _share_around(prompt: str, text: Around) -> float:
    """Return the share of a prompt that is unbroken text around the cursor."""
    rest, _, typed = prompt.rpartition("<MIDDLE>")
    rest, _, below = rest.rpartition("<SUFFIX>")
    related, _, above = rest.rpartition("<PREFIX>")
    run = _common((above + typed)[::-1], text.before[::-1]) + _common(below, text.after)
    whole = sum(map(len, (related, above, typed, below)))
    return run / whole if whole else 0.0


def _common(one: str, other: str) -> int:
    """Return the number of characters that two texts have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
