"""Exact token counts for the pure packages, learned from the engine and remembered per text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from leanwide.context.view import split_lines
from leanwide.engine.base import Engine

_MOST: Final = 50_000
"""Texts remembered: about ten long files, a few megabytes."""
_AT_ONCE: Final = 1_000
"""Texts that are sent to the engine in one message."""


class TokenCounter:
    """Counts tokens of lines without asking the engine twice."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._counts: dict[str, int] = {}

    async def learn(self, texts: Iterable[str]) -> None:
        """Ask the engine for the texts that are not known yet.

        Raises:
            EngineError: No model is loaded.
        """
        unknown = [text for text in dict.fromkeys(texts) if text not in self._counts]
        if not unknown:
            return
        if len(self._counts) + len(unknown) > _MOST:
            self._counts.clear()
        for first in range(0, len(unknown), _AT_ONCE):
            part = unknown[first : first + _AT_ONCE]
            self._counts.update(zip(part, await self._engine.count(part), strict=True))

    def __call__(self, text: str) -> int:
        """Give the tokens of a text.

        Of a text that is not known, this is the sum over its lines, known ones exactly and the
        others at one token for each byte, which no byte-level vocabulary exceeds.
        """
        if (known := self._counts.get(text)) is not None:
            return known
        return sum(
            self._counts.get(line, len(line.encode("utf-8", "replace")))
            for line in split_lines(text)
        )

    def forget(self) -> None:
        """Start anew: another model counts differently."""
        self._counts.clear()
