"""Token bytes to pieces of text: whole characters, thinking apart, stop texts withheld."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

from leanwide.engine.process.stops import StopBuffer
from leanwide.engine.process.thinking import ThoughtStream
from leanwide.engine.requests import Piece, Request


class OutputStream:
    """The output of one generation."""

    def __init__(self, request: Request, mark_tokens: frozenset[str] = frozenset()) -> None:
        """Begin an answer; ``mark_tokens`` are the special tokens in the marks of thinking."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = StopBuffer(request.stops)
        self.thoughts = ThoughtStream(request.thinking, mark_tokens)

    @property
    def stopped(self) -> bool:
        """Whether one of the request's stop texts appeared in the answer."""
        return self._stops.hit

    def push(self, spelt: bytes) -> Iterator[Piece]:
        """Add the bytes of a generated token; yield what may be shown."""
        return self._filter_stops(self.thoughts.push(self._decoder.decode(spelt)))

    def push_special(self, spelt: bytes) -> Iterator[Piece]:
        """Add the bytes of a generated special token; yield what may be shown."""
        if cut := self._decoder.decode(b"", final=True):  # a character that the token broke off
            yield from self._filter_stops(self.thoughts.push(cut))
        self._decoder.reset()
        text = spelt.decode("utf-8", "replace")
        yield from self._filter_stops(self.thoughts.push_special(text))

    def conclude(self) -> Iterator[Piece]:
        """Add the conclusion of the thinking, which is not generated; yield what may be shown."""
        return self._filter_stops(self.thoughts.conclude())

    def flush(self) -> Iterator[Piece]:
        """Yield what was withheld, at the end."""
        yield from self._filter_stops(self.thoughts.flush())
        if rest := self._stops.flush():
            yield Piece(rest)

    def _filter_stops(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        for piece in pieces:
            if piece.thought:
                yield piece
            elif piece.special:
                # A stop text is a whole special token or none of it: no stop spans its borders.
                if before := self._stops.flush():
                    yield Piece(before)
                if shown := self._stops.push(piece.text) + self._stops.flush():
                    yield Piece(shown, special=True)
            elif text := self._stops.push(piece.text):
                yield Piece(text)
