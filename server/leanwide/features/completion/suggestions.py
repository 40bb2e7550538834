"""What the model said lately, and where: answers for text that is typed through or typed again.

The key is everything around the cursor, before it and after it: the same prefix in front of another
suffix is another question.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from typing import Final

from attrs import frozen

from leanwide.context.view import View, same_around, text_between

MOST_PARTS: Final = 4
"""Generations that make one suggestion, each but the last cut at the most tokens of an answer."""
_KEPT: Final = 64
"""Suggestions remembered over all documents; each holds on to a snapshot's lines."""


class AnswerEnd(enum.Enum):
    """How an answer came to its end."""

    WHOLE = enum.auto()
    """The model had said all."""
    CUT = enum.auto()
    """It had reached the most tokens of an answer."""
    BROKEN_OFF = enum.auto()
    """It was ended in the middle."""


@frozen
class Suggestion:
    """An answer of the model, as it came, and the view that it was asked for."""

    view: View
    text: str
    """With LF endings, before any filter."""
    ended: AnswerEnd = AnswerEnd.WHOLE
    parts: int = 1
    """Generations that it was made by."""

    def is_for(self, now: View) -> bool:
        """Whether it was asked for at a later view's cursor."""
        return (now.line, now.column) == (self.view.line, self.view.column)

    def rest(self, now: View) -> str | None:
        """What of the text is still to come in a later view; None where it does not fit there."""
        typed = text_between(self.view, now)
        if typed is None or not self.text.startswith(typed) or not same_around(self.view, now):
            return None
        return self.text[len(typed) :]


@frozen
class KnownAnswer:
    """What is known to come at a cursor."""

    text: str
    ended: AnswerEnd
    """How the text came to its end; unless it is whole, more may follow."""
    parts: int = 1
    """Generations that it was made by."""


class SuggestionCache:
    """The newest suggestions."""

    def __init__(self) -> None:
        self._suggestions: deque[Suggestion] = deque(maxlen=_KEPT)

    def add(self, suggestion: Suggestion) -> None:
        """Remember a suggestion; the oldest is forgotten."""
        self._suggestions.append(suggestion)

    def find(self, view: View, shows: Callable[[str], bool]) -> KnownAnswer | None:
        """Give what is known to continue at the view's cursor; None where nothing is.

        Where the model was asked at this very place, a text that shows nothing is an answer too;
        elsewhere it is what was left over when a suggestion was accepted.
        """
        for suggestion in reversed(self._suggestions):
            rest = suggestion.rest(view)
            if rest is not None and (suggestion.is_for(view) or shows(rest)):
                return KnownAnswer(rest, suggestion.ended, suggestion.parts)
        return None

    def forget(self, uri: str) -> None:
        """Forget a document's suggestions."""
        kept = [item for item in self._suggestions if item.view.uri != uri]
        self._suggestions = deque(kept, maxlen=_KEPT)
