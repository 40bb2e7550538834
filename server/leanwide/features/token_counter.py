"""Exact token counts of texts, asked of the engine once and remembered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from leanwide.engine.base import Engine

_MAX_RECENT: Final = 2_000
"""Texts, those of some windows, after which all that were not asked for since are forgotten."""
_MAX_PER_MESSAGE: Final = 1_000
"""Texts in one message to the engine."""


class TokenCounter:
    """Counts tokens of a lane's model without asking the engine twice for the same text."""

    def __init__(self, engine: Engine, lane: str) -> None:
        self._engine = engine
        self._lane = lane
        self._recent: dict[str, int] = {}
        self._older: dict[str, int] = {}
        """The counts before those; a text that is asked for again becomes recent again."""

    async def learn(self, texts: Iterable[str]) -> None:
        """Ask the engine for the counts that are not known.

        Raises:
            EngineError: The model is not loaded.
        """
        if len(self._recent) >= _MAX_RECENT:
            self._older, self._recent = self._recent, {}
        wanted = dict.fromkeys(texts)
        self._recent.update((text, self._older[text]) for text in wanted if text in self._older)
        unknown = [text for text in wanted if text not in self._recent]
        for first in range(0, len(unknown), _MAX_PER_MESSAGE):
            part = unknown[first : first + _MAX_PER_MESSAGE]
            self._recent.update(zip(part, await self._engine.count(self._lane, part), strict=True))

    def __call__(self, text: str) -> int:
        """Return the tokens of a text.

        Of an unknown text this is an upper bound: the sum over its lines, where an unknown line
        counts a token for each byte, which no byte-level vocabulary exceeds.
        """
        recent, older = self._recent, self._older
        if (known := recent.get(text, older.get(text))) is not None:
            return known
        counts = [(line, recent.get(line, older.get(line))) for line in text.splitlines(True)]
        return sum([len(line.encode("utf-8", "replace")) if n is None else n for line, n in counts])
