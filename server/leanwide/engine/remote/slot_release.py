"""Whether a slot still works on a generation that was broken off. Pure.

A llama-server tells which of its slots are busy, and with which of its tasks, but not whose these
are: others may use it, and it gives a slot that is free to the next who asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from attrs import frozen

_OVERRUN: Final = 8
"""Tokens that a server may decode before it sees that a connection is closed."""


@frozen(kw_only=True)
class BusySlot:
    """A slot that generates, as the server tells it."""

    id: int
    task: int | None = None
    """A number that each request has of its own; None: not told."""
    decoded: int | None = None
    """Tokens of its answer; None: not told."""


@frozen(kw_only=True)
class BrokenOff:
    """A generation whose connection was closed before the server's last word."""

    slot: int | None
    """Where it runs; None: the server has not told."""
    decoded: int
    """Tokens of its answer that were told."""
    others: frozenset[int] = frozenset()
    """Slots of our other requests."""
    earlier: frozenset[int] = frozenset()
    """Tasks that ran before it was sent."""

    def may_run_in(self, slot: BusySlot) -> bool:
        """Whether a busy slot may be its."""
        if slot.id in self.others or self.slot not in (None, slot.id):
            return False
        if slot.task is not None and slot.task in self.earlier:
            return False
        most = self.decoded + _OVERRUN
        return slot.decoded is None or self.decoded <= slot.decoded <= most


class AwaitedRelease:
    """Follows a generation that was broken off, from one look at the slots to the next."""

    def __init__(self, broken_off: BrokenOff) -> None:
        self._broken_off = broken_off
        self._awaited: dict[int, int | None] | None = None
        """The tasks of the slots that may be its, at the first look."""

    def is_over(self, busy: Iterable[BusySlot]) -> bool:
        """Whether it has ended, as far as can be told.

        Where its slot is not known, the first that is released counts as its.
        """
        found = {slot.id: slot.task for slot in busy if self._broken_off.may_run_in(slot)}
        if self._awaited is None:
            self._awaited = found
        return not self._awaited or not self._awaited.items() <= found.items()


def busy_in(slots: Iterable[Any]) -> list[BusySlot]:
    """Return the slots that generate, from a llama-server's list."""
    return [
        BusySlot(id=slot["id"], task=_number(slot.get("id_task")), decoded=_decoded(slot))
        for slot in slots
        if isinstance(slot, dict) and slot.get("is_processing") and type(slot.get("id")) is int
    ]


def _decoded(slot: dict[str, Any]) -> int | None:
    """Return the tokens of the answer; newer servers have them in a list of one."""
    found = slot.get("next_token")
    found = found[0] if isinstance(found, list) and found else found
    return _number(found.get("n_decoded")) if isinstance(found, dict) else None


def _number(value: Any) -> int | None:
    return value if type(value) is int else None
