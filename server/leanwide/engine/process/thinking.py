"""A model's thinking, told apart from its answer while both arrive, and counted."""

from __future__ import annotations

import enum
from collections.abc import Iterator

from leanwide.engine.base import Piece, Thinking


class _Section(enum.Enum):
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
        self._budget = thinking.budget_tokens if thinking is not None else 0
        self._thought = False
        """The thinking is over."""
        self._answered = False
        self._opens_by_token = thinking is not None and thinking.opening in marks
        self._closes_by_token = thinking is not None and thinking.closing in marks
        self._held = ""
        self._trimming = thinking is not None and thinking.begun
        """White space that begins the answer is left out: it belongs to the closing mark."""
        self.spent = 0
        """Tokens between the marks so far."""
        self._opening = 0
        if thinking is None:
            self._part = _Section.ANSWER
        else:
            self._part = _Section.THINKING if thinking.begun else _Section.UNDECIDED

    @property
    def conclusion(self) -> str:
        """What is to be said in the model's place now; "" while it may go on by itself."""
        if self._thinking is None or not self.unfinished:
            return ""
        return self._thinking.conclusion if self.spent >= self._budget else ""

    @property
    def unfinished(self) -> bool:
        """Whether the model is thinking."""
        return self._part is _Section.THINKING

    @property
    def owes_answer(self) -> bool:
        """Whether the thinking is over and no word of the answer was said yet."""
        return self._thought and not self._answered

    def hasten(self) -> None:
        """Let nothing more be thought."""
        self._budget = 0

    @property
    def tokens(self) -> int:
        """Tokens so far that belong to no answer, those of the opening mark included."""
        return self.spent + (self._opening if self._part is not _Section.UNDECIDED else 0)

    def take(self, text: str) -> Iterator[Piece]:
        """Take the text of one token that the model generated."""
        self._count()
        if self._part is _Section.UNDECIDED and self._opens_by_token:
            self._held += text
            if self._held.strip():
                yield from self._begin_answer()
        elif self.unfinished and self._closes_by_token:
            if text:
                yield Piece(text, thought=True)
        else:
            yield from self.say(text)

    def take_special(self, text: str) -> Iterator[Piece]:
        """Take a special token that the model generated."""
        self._count()
        if self.unfinished or (self._part is _Section.UNDECIDED and self._opens(text)):
            yield from self.say(text)
            return
        yield from self._begin_answer()
        yield from self._mark(text)

    def say(self, text: str) -> Iterator[Piece]:
        """Take text that cost the model no token."""
        self._held += text
        if self._part is _Section.UNDECIDED:
            self._look_for_opening()
        if self._part is _Section.THINKING:
            yield from self._look_for_closing()
        if self._part is _Section.ANSWER:
            yield from self._answer()

    def flush(self) -> Iterator[Piece]:
        """Give what was held back, at the end of the stream."""
        held, self._held = self._held, ""
        if held:
            yield Piece(held, thought=self.unfinished)

    def _count(self) -> None:
        """Note a generated token."""
        self.spent += self._part is _Section.THINKING
        self._opening += self._part is _Section.UNDECIDED

    def _opens(self, text: str) -> bool:
        return self._thinking is not None and self._thinking.opening.startswith(text)

    def _begin_answer(self) -> Iterator[Piece]:
        """Take what was said so far for the answer's beginning."""
        if self._part is _Section.UNDECIDED:
            self._part, self._opening = _Section.ANSWER, 0
        yield from self._answer()

    def _look_for_opening(self) -> None:
        assert self._thinking is not None  # noqa: S101  # else everything is answer
        opening, begun = self._thinking.opening, self._held.lstrip()
        if begun.startswith(opening):
            self._held = begun[len(opening) :]
            self._part, self._trimming = _Section.THINKING, True
        elif not opening.startswith(begun):
            self._part, self._opening = _Section.ANSWER, 0

    def _look_for_closing(self) -> Iterator[Piece]:
        thought, found = self._up_to_closing()
        if found:
            self._part, self._thought = _Section.ANSWER, True
        if thought:
            yield Piece(thought, thought=True)

    def _up_to_closing(self) -> tuple[str, bool]:
        """Give what is held up to the closing mark, and whether that has come; keep the rest."""
        assert self._thinking is not None  # noqa: S101  # else everything is answer
        closing = self._thinking.closing
        text, found, rest = self._held.partition(closing)
        if not found:
            sizes = range(len(closing) - 1, 0, -1)
            kept = next((size for size in sizes if text.endswith(closing[:size])), 0)
            text, rest = text[: len(text) - kept], text[len(text) - kept :]
        self._held = rest
        return text, bool(found)

    def _answer(self) -> Iterator[Piece]:
        if not self._thought or self._closes_by_token:
            text, self._held = self._held, ""
            yield from self._words(text)
            return
        found = True
        while found:  # a model that spells its marks may spell one more
            text, found = self._up_to_closing()
            yield from self._words(text)
            if found and self._thinking is not None:
                yield from self._mark(self._thinking.closing)

    def _words(self, text: str) -> Iterator[Piece]:
        if self._trimming:
            text = text.lstrip()
            self._trimming = not text
        if text:
            self._answered = self._answered or not text.isspace()
            yield Piece(text)

    def _mark(self, text: str) -> Iterator[Piece]:
        """Pass on a special token of the answer; the thinking is not closed twice in a row."""
        if self.owes_answer and self._thinking is not None and text == self._thinking.closing:
            return
        self._trimming, self._answered = False, True
        yield Piece(text, special=True)
