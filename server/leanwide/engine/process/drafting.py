"""Drafts of an answer: which tokens are likely to follow, from texts that it repeats. Pure.

Method: prompt lookup decoding. Where the last tokens of the answer stand in a draft, what follows
them there is proposed. An answer that changes a line goes on with the lines after it, so that after
a difference fewer tokens have to agree nearby than elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

NGRAM: Final = 8
"""Tokens that agree with a draft, so that the answer is taken to follow it."""
_BEGINNING: Final = 2
"""The same at the beginning of a draft, which the answer often repeats from its first word."""
_NEARBY: Final = 3
"""The same shortly after the place where the answer left a draft."""
_NEARBY_TOKENS: Final = 48
"""Tokens of a draft, and of the answer, that are shortly after that place."""


@frozen
class _Place:
    draft: int
    at: int
    """The token of the draft that is expected next."""


class DraftIndex:
    """Follows an answer through its drafts."""

    def __init__(self, drafts: Sequence[Sequence[int]], ngram: int = NGRAM) -> None:
        """Index drafts, as token ids, the likeliest first."""
        self._drafts = [list(draft) for draft in drafts]
        self._ngram = ngram
        self._places: dict[tuple[int, ...], _Place] = {}
        for number, draft in enumerate(self._drafts):
            for at in range(ngram, len(draft)):
                self._places.setdefault(tuple(draft[at - ngram : at]), _Place(number, at))
        self._tail: tuple[int, ...] = ()
        self._place: _Place | None = None
        self._left: _Place | None = None
        """Where the answer last left a draft."""
        self._since_left = 0

    def add(self, token: int) -> None:
        """Add a token of the answer."""
        self._tail = (*self._tail, token)[-self._ngram :]
        place = self._place
        if place is not None:
            if self._expected(place) == token:
                self._place = _Place(place.draft, place.at + 1)
                return
            self._left, self._since_left = place, 0
        self._since_left += 1
        self._place = self._nearby() or self._beginning() or self._places.get(self._tail)

    def following(self, most: int) -> list[int]:
        """Return up to ``most`` tokens that are likely to follow the answer so far."""
        if self._place is None:
            return []
        return self._drafts[self._place.draft][self._place.at :][:most]

    def _expected(self, place: _Place) -> int | None:
        draft = self._drafts[place.draft]
        return draft[place.at] if place.at < len(draft) else None

    def _nearby(self) -> _Place | None:
        """Return where the answer goes on in the draft that it left, unless that is long ago."""
        left, wanted = self._left, list(self._tail[-_NEARBY:])
        if left is None or self._since_left > _NEARBY_TOKENS or len(wanted) < _NEARBY:
            return None
        draft = self._drafts[left.draft]
        first = max(0, left.at - _NEARBY + 1)  # what replaces a word may end as it did
        window = draft[first : left.at + _NEARBY_TOKENS]
        starts = range(len(window) - _NEARBY + 1)
        found = (at for at in starts if window[at : at + _NEARBY] == wanted)
        at = next(found, None)
        return None if at is None else _Place(left.draft, first + at + _NEARBY)

    def _beginning(self) -> _Place | None:
        """Return a place shortly after the beginning of a draft that the answer repeats."""
        for number, draft in enumerate(self._drafts):
            for size in range(len(self._tail), _BEGINNING - 1, -1):
                if list(self._tail[-size:]) == draft[:size]:
                    return _Place(number, size)
        return None
