"""What a structured text loses by an edit: a heading, a link, a key, a trailer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from attrs import frozen


@frozen
class TextLoss:
    """Something that an edit takes from a text, or makes worse in it."""

    what: str
    """How an instruction would call it, if it asked for that; "" if it has no name."""
    sentence: str


Losses = Callable[[Sequence[str], Sequence[str]], Iterator[TextLoss]]
"""Yields what is lost between two texts, lines without endings; the first one before the edit."""


def missing(before: Iterable[str], after: Iterable[str], sentence: str) -> Iterator[TextLoss]:
    """Yield a loss for each name of ``before`` that is not in ``after``, in their order.

    ``sentence`` holds ``{}`` in place of the name.
    """
    kept = set(after)
    for name in dict.fromkeys(before):
        if name not in kept:
            yield TextLoss(name, sentence.format(name))
