"""From the bytes of tokens to pieces of text: whole characters, thinking apart, stops kept back."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

from leanwide.engine.base import Piece, Request
from leanwide.engine.stops import StopBuffer
from leanwide.engine.thinking import ThoughtStream


class Voice:
    """What one generation says."""

    def __init__(self, request: Request) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = StopBuffer(request.stops)
        self.thoughts = ThoughtStream(request.thinking)

    @property
    def stopped(self) -> bool:
        """Whether one of the request's stop texts appeared in the answer."""
        return self._stops.hit

    def take(self, spelt: bytes) -> Iterator[Piece]:
        """Take the bytes of a generated token."""
        return self._let_through(self.thoughts.take(self._decoder.decode(spelt)))

    def say(self, text: str) -> Iterator[Piece]:
        """Take text that was not generated."""
        return self._let_through(self.thoughts.say(text))

    def flush(self) -> Iterator[Piece]:
        """Give what was held back, at the end."""
        yield from self._let_through(self.thoughts.flush())
        if rest := self._stops.flush():
            yield Piece(rest)

    def _let_through(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        for piece in pieces:
            if piece.thought:
                yield piece
            elif text := self._stops.push(piece.text):
                yield Piece(text)
