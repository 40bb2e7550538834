"""The stages of a question before its answer begins: prefill and thinking."""

from __future__ import annotations

from typing import Protocol

from leanwide.engine.requests import PrefillProgress


class QuestionStages(Protocol):
    """Is told which stage a question has reached."""

    def read(self, progress: PrefillProgress) -> None:
        """The prefill has come this far."""

    def think(self) -> None:
        """The model has generated another piece of thinking."""

    def end(self) -> None:
        """The answer begins, or there will be none. May be called again."""


class NoStages:
    """Ignores the stages."""

    def read(self, progress: PrefillProgress) -> None:
        """Do nothing."""

    def think(self) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do nothing."""
