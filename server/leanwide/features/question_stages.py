"""What a question does before its answer begins: it is read, and thought about."""

from __future__ import annotations

from typing import Protocol

from leanwide.engine.base import PrefillProgress


class QuestionStages(Protocol):
    """Somebody who sees where a question is."""

    def read(self, how_far: PrefillProgress) -> None:
        """So much of the prompt is read."""

    def think(self) -> None:
        """The model thinks, and said another word of it."""

    def end(self) -> None:
        """The answer begins, or there will be none."""


class NoStages:
    """Nobody sees it."""

    def read(self, how_far: PrefillProgress) -> None:
        """Do nothing."""

    def think(self) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do nothing."""
