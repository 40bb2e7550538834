"""The suggestions that the client shows or showed last, each once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from attrs import evolve, frozen

from leanwide.context.view import View, same_around, text_between
from leanwide.features.acceptance.counts import AcceptanceGroup

_MAX_SHOWN: Final = 16
"""Suggestions that can still be accepted; each keeps a snapshot's lines alive."""


@frozen(kw_only=True, eq=False)
class ShownSuggestion:
    """A suggestion that the client was sent."""

    id: str
    group: AcceptanceGroup
    view: View
    """Where it was asked for first."""
    text: str
    """All of it from there, with LF endings; what is typed through included."""
    place: Callable[[], str]
    """Returns what stands in its place now."""

    def continued_by(self, view: View, text: str) -> ShownSuggestion | None:
        """Return the suggestion with what was sent at a later view.

        None where that is another suggestion: the user typed all of this one or something else, or
        anything around it changed.
        """
        typed = text_between(self.view, view)
        if typed is None or typed == self.text or not self.text.startswith(typed):
            return None
        return evolve(self, text=typed + text) if same_around(self.view, view) else None


class ShownSuggestions:
    """The newest suggestions, last one last."""

    def __init__(self) -> None:
        self._shown: deque[ShownSuggestion] = deque(maxlen=_MAX_SHOWN)

    def again(self, view: View, text: str) -> ShownSuggestion | None:
        """Return the suggestion that a text at a view is the rest, or more, of; None if it is new.

        A new one has to be added.
        """
        for shown in reversed(self._shown):
            if (now := shown.continued_by(view, text)) is not None:
                self._shown.remove(shown)
                self._shown.append(now)
                return now
        return None

    def add(self, shown: ShownSuggestion) -> None:
        """Add a new suggestion; the oldest is dropped."""
        self._shown.append(shown)

    def forget(self, uri: str) -> None:
        """Drop a document's suggestions."""
        kept = [shown for shown in self._shown if shown.view.uri != uri]
        self._shown = deque(kept, maxlen=_MAX_SHOWN)

    def take(self, suggestion_id: str | None) -> ShownSuggestion | None:
        """Return and drop the suggestion with an id, the newest without one; None if it is unknown.

        Clients of ours send the id; others may drop the arguments of a command.
        """
        for shown in reversed(self._shown):
            if suggestion_id in (None, shown.id):
                self._shown.remove(shown)
                return shown
        return None
