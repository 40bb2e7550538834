"""What of a conversation the model reads again: whole turns, the newest ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from attrs import frozen

from leanwide.prompt.chat import Message

_KEPT_SHARE: Final = 0.75
"""Of the room, what old turns may take after some had to go.

Leaving a turn out changes the prompt from there on, so that all of it is evaluated again. Making
room for more than the next turn keeps that rare.
"""


@frozen
class Turn:
    """One question and the answer to it."""

    question: str
    """All that the model read for it, code included."""
    answer: str


def messages_of(turns: Iterable[Turn]) -> tuple[Message, ...]:
    """Give the turns as messages of a conversation."""
    return tuple(
        message
        for turn in turns
        for message in (Message("user", turn.question), Message("assistant", turn.answer))
    )


def first_kept(costs: Sequence[int], first: int, room: int) -> int:
    """Give the number of the first turn that the model reads.

    Args:
        costs: Tokens of each turn, oldest first.
        first: The first turn that it read last time.
        room: Tokens that there are for turns.

    Returns:
        ``first`` while all from there on fits; else a later one, ``len(costs)`` where none fits.
    """
    taken = sum(costs[first:])
    if taken <= room:
        return first
    while first < len(costs) and taken > room * _KEPT_SHARE:
        taken -= costs[first]
        first += 1
    return first
