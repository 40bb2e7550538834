"""From the bytes of tokens to pieces of text: whole characters, thinking apart, stops kept back."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

from leanwide.engine.base import Piece, Request
from leanwide.engine.process.stops import StopBuffer
from leanwide.engine.process.thinking import ThoughtStream


class OutputStream:
    """What one generation says."""

    def __init__(self, request: Request, marks: frozenset[str] = frozenset()) -> None:
        """Listen to a request's answer; ``marks`` of thinking are tokens, not spelt."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = StopBuffer(request.stops)
        self.thoughts = ThoughtStream(request.thinking, marks)

    @property
    def stopped(self) -> bool:
        """Whether one of the request's stop texts appeared in the answer."""
        return self._stops.hit

    def take(self, spelt: bytes) -> Iterator[Piece]:
        """Take the bytes of a generated token."""
        return self._let_through(self.thoughts.take(self._decoder.decode(spelt)))

    def take_special(self, spelt: bytes) -> Iterator[Piece]:
        """Take the bytes of a generated special token."""
        if cut := self._decoder.decode(b"", final=True):  # a character that the token broke off
            yield from self._let_through(self.thoughts.take(cut))
        self._decoder.reset()
        text = spelt.decode("utf-8", "replace")
        yield from self._let_through(self.thoughts.take_special(text))

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
            elif piece.special:
                yield from self._let_special_through(piece.text)
            elif text := self._stops.push(piece.text):
                yield Piece(text)

    def _let_special_through(self, text: str) -> Iterator[Piece]:
        """Look for stops in a special token alone: none is half spelt and half a token."""
        if before := self._stops.flush():
            yield Piece(before)
        if shown := self._stops.push(text) + self._stops.flush():
            yield Piece(shown, special=True)
