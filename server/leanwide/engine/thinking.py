"""A model's thinking, told apart from its answer while both arrive, and counted."""

from __future__ import annotations

import enum
from collections.abc import Iterator

from leanwide.engine.base import Piece, Thinking


class _Part(enum.Enum):
    UNDECIDED = enum.auto()
    """What was said so far may become the opening mark."""
    THINKING = enum.auto()
    ANSWER = enum.auto()


class ThoughtStream:
    """Splits an answer as it comes: thinking first, if there is any, then the answer itself.

    White space between the two, and before the opening mark, is neither. A mark that is a token
    of the vocabulary marks nothing where a model spells it: it speaks of the mark then.
    """

    def __init__(self, thinking: Thinking | None, marks: frozenset[str] = frozenset()) -> None:
        """Begin an answer.

        Args:
            thinking: What is thinking in it; None: all of it is answer.
            marks: Those of the two marks that are tokens.
        """
        self._thinking = thinking
        self._opens_by_token = thinking is not None and thinking.opening in marks
        self._closes_by_token = thinking is not None and thinking.closing in marks
        self._held = ""
        self._trimming = thinking is not None and thinking.begun
        """White space that begins the answer is left out: it belongs to the closing mark."""
        self.spent = 0
        """Tokens between the marks so far."""
        self._opening = 0
        if thinking is None:
            self._part = _Part.ANSWER
        else:
            self._part = _Part.THINKING if thinking.begun else _Part.UNDECIDED

    @property
    def conclusion(self) -> str:
        """What is to be said in the model's place now; "" while it may go on by itself."""
        thinking = self._thinking
        if thinking is None or self._part is not _Part.THINKING:
            return ""
        return thinking.conclusion if self.spent >= thinking.budget_tokens else ""

    @property
    def tokens(self) -> int:
        """Tokens so far that belong to no answer, those of the opening mark included."""
        return self.spent + (self._opening if self._part is not _Part.UNDECIDED else 0)

    def take(self, text: str) -> Iterator[Piece]:
        """Take the text of one token that the model generated."""
        self._count()
        if self._part is _Part.UNDECIDED and self._opens_by_token:
            self._held += text
            if self._held.strip():
                yield from self._begin_answer()
        elif self._part is _Part.THINKING and self._closes_by_token:
            if text:
                yield Piece(text, thought=True)
        else:
            yield from self.say(text)

    def take_special(self, text: str) -> Iterator[Piece]:
        """Take a special token that the model generated."""
        self._count()
        if self._part is _Part.THINKING or (self._part is _Part.UNDECIDED and self._opens(text)):
            yield from self.say(text)
            return
        yield from self._begin_answer()
        self._trimming = False
        yield Piece(text, special=True)

    def say(self, text: str) -> Iterator[Piece]:
        """Take text that cost the model no token."""
        self._held += text
        if self._part is _Part.UNDECIDED:
            self._look_for_opening()
        if self._part is _Part.THINKING:
            yield from self._look_for_closing()
        if self._part is _Part.ANSWER:
            yield from self._answer()

    def flush(self) -> Iterator[Piece]:
        """Give what was held back, at the end of the stream."""
        held, self._held = self._held, ""
        if held:
            yield Piece(held, thought=self._part is _Part.THINKING)

    def _count(self) -> None:
        """Note a generated token."""
        self.spent += self._part is _Part.THINKING
        self._opening += self._part is _Part.UNDECIDED

    def _opens(self, text: str) -> bool:
        return self._thinking is not None and self._thinking.opening.startswith(text)

    def _begin_answer(self) -> Iterator[Piece]:
        """Take what was said so far for the answer's beginning."""
        if self._part is _Part.UNDECIDED:
            self._part, self._opening = _Part.ANSWER, 0
        yield from self._answer()

    def _look_for_opening(self) -> None:
        assert self._thinking is not None  # noqa: S101  # else everything is answer
        opening, begun = self._thinking.opening, self._held.lstrip()
        if begun.startswith(opening):
            self._held = begun[len(opening) :]
            self._part, self._trimming = _Part.THINKING, True
        elif not opening.startswith(begun):
            self._part, self._opening = _Part.ANSWER, 0

    def _look_for_closing(self) -> Iterator[Piece]:
        assert self._thinking is not None  # noqa: S101  # else everything is answer
        closing = self._thinking.closing
        thought, found, rest = self._held.partition(closing)
        if found:
            self._held, self._part = rest, _Part.ANSWER
        else:
            kept = next(
                (
                    size
                    for size in range(len(closing) - 1, 0, -1)
                    if thought[-size:] == closing[:size]
                ),
                0,
            )
            thought, self._held = thought[: len(thought) - kept], thought[len(thought) - kept :]
        if thought:
            yield Piece(thought, thought=True)

    def _answer(self) -> Iterator[Piece]:
        text, self._held = self._held, ""
        if self._trimming:
            text = text.lstrip()
            self._trimming = not text
        if text:
            yield Piece(text)
