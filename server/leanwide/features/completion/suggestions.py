"""The newest answers of the model, for text that is typed through or typed again.

The key is everything around the cursor, before it and after it: the same prefix in front of another
suffix is another question.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from typing import Final

from attrs import evolve, frozen

from leanwide.context.view import View, same_around, text_between
from leanwide.modes.profile import Decision

MAX_PARTS: Final = 4
"""Generations of one suggestion; each but the last ended at the most tokens of an answer."""
_MAX_SUGGESTIONS: Final = 64
"""Over all documents; each keeps a snapshot's lines alive."""


class AnswerEnd(enum.Enum):
    """How an answer ended."""

    WHOLE = enum.auto()
    """The model ended it."""
    CUT = enum.auto()
    """At the most tokens of an answer."""
    BROKEN_OFF = enum.auto()
    """It was cancelled, or is still growing."""


@frozen(kw_only=True)
class Suggestion:
    """An answer of the model, and the view that it was asked for."""

    view: View
    text: str
    """With LF endings, before the filters that cut."""
    shown: str
    """With LF endings, after all filters; of one that was broken off, what the user was shown."""
    decision: Decision
    ended: AnswerEnd = AnswerEnd.WHOLE
    parts: int = 1
    """Generations that made it."""

    def keeping(self, shown: str) -> Suggestion:
        """Return it with what was shown of it already, which a filter that sees more may cut."""
        if self.text.startswith(shown) and self.shown.startswith(shown):
            return self
        return evolve(self, text=at_least(self.text, shown), shown=at_least(self.shown, shown))

    def rest_at(self, now: View, filtered: Callable[[str], str]) -> KnownAnswer | None:
        """Return what is left of it at a later view; None where it does not fit there.

        Where the model was asked at this very place, a text of which nothing is shown is an answer
        too; elsewhere it is what was left over when a suggestion was accepted. What was broken off
        is continued, whatever is shown of it.
        """
        typed = text_between(self.view, now)
        if typed is None or not self.text.startswith(typed) or not same_around(self.view, now):
            return None
        text = self.text[len(typed) :]
        broken_off = self.ended is AnswerEnd.BROKEN_OFF
        if self.shown.startswith(typed):
            shown = self.shown[len(typed) :]
        else:
            shown = "" if broken_off else filtered(text)
        same_place = (now.line, now.column) == (self.view.line, self.view.column)
        if not (text if broken_off else shown) and not same_place:
            return None
        return KnownAnswer(text, shown, self.decision, self.ended, self.parts)


@frozen
class KnownAnswer:
    """What is known to continue at a cursor."""

    text: str
    """With LF endings, before the filters that cut."""
    shown: str
    """With LF endings, after all filters; of one that was broken off, what the user was shown."""
    decision: Decision
    """Of the request that the model answered."""
    ended: AnswerEnd
    """How the text ended; unless it is whole, more may follow."""
    parts: int = 1
    """Generations that made it."""


def at_least(text: str, shown: str) -> str:
    """Return a text, or what was shown in its place before if it does not begin with that."""
    return text if text.startswith(shown) else shown


class SuggestionCache:
    """The newest suggestions."""

    def __init__(self) -> None:
        self._suggestions: deque[Suggestion] = deque(maxlen=_MAX_SUGGESTIONS)

    def add(self, suggestion: Suggestion) -> None:
        """Remember a suggestion; the oldest is forgotten."""
        self._suggestions.append(suggestion)

    def find(self, view: View, filtered: Callable[[str], str]) -> KnownAnswer | None:
        """Return what continues at the view's cursor, or None; ``filtered`` are its filters."""
        for suggestion in reversed(self._suggestions):
            known = suggestion.rest_at(view, filtered)
            if known is not None:
                return known
        return None

    def forget(self, uri: str) -> None:
        """Forget a document's suggestions."""
        kept = [item for item in self._suggestions if item.view.uri != uri]
        self._suggestions = deque(kept, maxlen=_MAX_SUGGESTIONS)
