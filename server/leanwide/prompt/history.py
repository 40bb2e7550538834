"""The part of a conversation that goes into the prompt: the newest turns, each of them whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from attrs import frozen

from leanwide.prompt.chat import Message

_KEPT_SHARE: Final = 0.75
"""Share of the room that old turns take after some were dropped.

Dropping a turn changes the prompt from there on, so that all of it is evaluated again. Dropping
more than the next turn needs keeps that rare.
"""


@frozen
class Turn:
    """One question and the answer to it."""

    question: str
    """All that the model read for it, with code."""
    answer: str


def messages_of(turns: Iterable[Turn]) -> tuple[Message, ...]:
    """Return the turns as messages."""
    return tuple(
        message
        for turn in turns
        for message in (Message("user", turn.question), Message("assistant", turn.answer))
    )


def first_kept(costs: Sequence[int], first: int, room: int) -> int:
    """Return the index of the first turn that stays in the prompt.

    Args:
        costs: Tokens of each turn, oldest first.
        first: The first turn of the last prompt.
        room: Tokens for all turns.

    Returns:
        ``first`` if all turns from there on fit; else a later one, ``len(costs)`` if none fits.
    """
    taken = sum(costs[first:])
    if taken <= room:
        return first
    while first < len(costs) and taken > room * _KEPT_SHARE:
        taken -= costs[first]
        first += 1
    return first
