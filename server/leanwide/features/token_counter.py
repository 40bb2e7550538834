"""Exact token counts for the pure packages, learned from the engine and remembered per text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from leanwide.context.view import split_lines
from leanwide.engine.base import Engine

_MANY: Final = 2_000
"""Texts that are learned until those are forgotten that were not asked for since: some windows."""
_AT_ONCE: Final = 1_000
"""Texts that are sent to the engine in one message."""


class TokenCounter:
    """Counts tokens of lines without asking the engine twice."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._recent: dict[str, int] = {}
        self._older: dict[str, int] = {}
        """What was learned before those; what of it is asked for again is recent again."""

    async def learn(self, texts: Iterable[str]) -> None:
        """Ask the engine for the texts that are not known yet.

        Raises:
            EngineError: No model is loaded.
        """
        if len(self._recent) >= _MANY:
            self._older, self._recent = self._recent, {}
        wanted = dict.fromkeys(texts)
        self._recent.update((text, self._older[text]) for text in wanted if text in self._older)
        unknown = [text for text in wanted if text not in self._recent]
        for first in range(0, len(unknown), _AT_ONCE):
            part = unknown[first : first + _AT_ONCE]
            self._recent.update(zip(part, await self._engine.count(part), strict=True))

    def __call__(self, text: str) -> int:
        """Give the tokens of a text.

        Of a text that is not known, this is the sum over its lines, known ones exactly and the
        others at one token for each byte, which no byte-level vocabulary exceeds.
        """
        recent, older = self._recent, self._older
        if (known := recent.get(text, older.get(text))) is not None:
            return known
        counts = ((line, recent.get(line, older.get(line))) for line in split_lines(text))
        return sum(len(line.encode("utf-8", "replace")) if n is None else n for line, n in counts)
