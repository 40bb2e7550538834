"""Separates thinking from the answer during generation, and counts the tokens of thinking."""

from __future__ import annotations

import enum
from collections.abc import Iterator

from leanwide.engine.base import Piece, Thinking


class _Section(enum.Enum):
    UNDECIDED = enum.auto()
    """The text so far may become the opening mark."""
    THINKING = enum.auto()
    ANSWER = enum.auto()


class ThoughtStream:
    """Splits a generated text: thinking first, if there is any, then the answer.

    White space between the two, and before the opening mark, belongs to neither. Where a mark is a
    single token, the same text spelled with other tokens is no mark: the model talks about it.
    """

    def __init__(
        self, thinking: Thinking | None, mark_tokens: frozenset[str] = frozenset()
    ) -> None:
        """Begin an answer.

        Args:
            thinking: The marks and the budget; None: all of the text is answer.
            mark_tokens: Those of the two marks that are single tokens.
        """
        self._thinking = thinking
        self._budget = thinking.budget_tokens if thinking is not None else 0
        self._thought = False
        """The thinking is over."""
        self._answered = False
        self._opens_by_token = thinking is not None and thinking.opening in mark_tokens
        self._closes_by_token = thinking is not None and thinking.closing in mark_tokens
        self._held = ""
        self._trimming = thinking is not None and thinking.begun
        """White space at the start of the answer is dropped: it belongs to the closing mark."""
        self.spent = 0
        """Tokens between the marks so far."""
        self._opening = 0
        if thinking is None:
            self._section = _Section.ANSWER
        else:
            self._section = _Section.THINKING if thinking.begun else _Section.UNDECIDED

    @property
    def conclusion(self) -> str:
        """The text to add in the model's place now; "" while the model may go on."""
        if self._thinking is None or not self.unfinished:
            return ""
        return self._thinking.conclusion if self.spent >= self._budget else ""

    @property
    def unfinished(self) -> bool:
        """Whether the model is thinking."""
        return self._section is _Section.THINKING

    @property
    def owes_answer(self) -> bool:
        """Whether the thinking is over and the answer has no word yet."""
        return self._thought and not self._answered

    def end_budget(self) -> None:
        """Allow no more thinking."""
        self._budget = 0

    @property
    def tokens(self) -> int:
        """Tokens so far that are not answer, those of the opening mark included."""
        return self.spent + (self._opening if self._section is not _Section.UNDECIDED else 0)

    def push(self, text: str) -> Iterator[Piece]:
        """Add the text of a generated token."""
        self._count()
        if self._section is _Section.UNDECIDED and self._opens_by_token:
            self._held += text
            if self._held.strip():
                yield from self._begin_answer()
        elif self.unfinished and self._closes_by_token:
            if text:
                yield Piece(text, thought=True)
        else:
            yield from self.push_text(text)

    def push_special(self, text: str) -> Iterator[Piece]:
        """Add a generated special token."""
        self._count()
        if self.unfinished or (self._section is _Section.UNDECIDED and self._opens(text)):
            yield from self.push_text(text)
            return
        yield from self._begin_answer()
        yield from self._special(text)

    def push_text(self, text: str) -> Iterator[Piece]:
        """Add text that was not generated."""
        self._held += text
        if self._section is _Section.UNDECIDED:
            self._look_for_opening()
        if self._section is _Section.THINKING:
            yield from self._look_for_closing()
        if self._section is _Section.ANSWER:
            yield from self._answer()

    def flush(self) -> Iterator[Piece]:
        """Yield what was withheld, at the end of the stream."""
        held, self._held = self._held, ""
        if held:
            yield Piece(held, thought=self.unfinished)

    def _count(self) -> None:
        """Count a generated token."""
        self.spent += self._section is _Section.THINKING
        self._opening += self._section is _Section.UNDECIDED

    def _opens(self, text: str) -> bool:
        return self._thinking is not None and self._thinking.opening.startswith(text)

    def _begin_answer(self) -> Iterator[Piece]:
        """Treat the text so far as the beginning of the answer."""
        if self._section is _Section.UNDECIDED:
            self._section, self._opening = _Section.ANSWER, 0
        yield from self._answer()

    def _look_for_opening(self) -> None:
        assert self._thinking is not None  # noqa: S101  # else everything is answer
        opening, begun = self._thinking.opening, self._held.lstrip()
        if begun.startswith(opening):
            self._held = begun[len(opening) :]
            self._section, self._trimming = _Section.THINKING, True
        elif not opening.startswith(begun):
            self._section, self._opening = _Section.ANSWER, 0

    def _look_for_closing(self) -> Iterator[Piece]:
        thought, found = self._up_to_closing()
        if found:
            self._section, self._thought = _Section.ANSWER, True
        if thought:
            yield Piece(thought, thought=True)

    def _up_to_closing(self) -> tuple[str, bool]:
        """Return the withheld text up to the closing mark, and whether the mark is there."""
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
        while found:  # a model that spells its marks may spell another
            text, found = self._up_to_closing()
            yield from self._words(text)
            if found and self._thinking is not None:
                yield from self._special(self._thinking.closing)

    def _words(self, text: str) -> Iterator[Piece]:
        if self._trimming:
            text = text.lstrip()
            self._trimming = not text
        if text:
            self._answered = self._answered or not text.isspace()
            yield Piece(text)

    def _special(self, text: str) -> Iterator[Piece]:
        """Yield a special token of the answer, unless it closes the thinking a second time."""
        if self.owes_answer and self._thinking is not None and text == self._thinking.closing:
            return
        self._trimming, self._answered = False, True
        yield Piece(text, special=True)
