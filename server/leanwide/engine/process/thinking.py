"""Separates thinking from the answer during generation, and counts the tokens of thinking."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from typing import Final

from leanwide.engine.requests import Piece, Thinking

MAX_MARKS: Final = 8
"""Marks before an answer; what follows is answer, whatever it looks like."""
_MAX_UNDECIDED: Final = 64
"""Tokens that may become a mark: the longest has 40 characters, and a model may spell it."""

_BEGIN, _END = "\ufdd0", "\ufdd1"
"""Stand around the name of a special token; Unicode has no such characters."""
_SPECIAL: Final = re.compile(f"{_BEGIN}(.*?){_END}", re.DOTALL)


class _Section(enum.Enum):
    UNDECIDED = enum.auto()
    """The text so far may become a mark."""
    THINKING = enum.auto()
    ANSWER = enum.auto()


class ThoughtStream:
    """Splits a generated text into thinking and answer, and drops the marks of both.

    White space between the two, and before a mark, belongs to neither. Where a mark has special
    tokens, the same text spelled with other tokens is no mark: the model talks about it.
    """

    def __init__(
        self, thinking: Thinking | None, mark_tokens: frozenset[str] = frozenset()
    ) -> None:
        """Begin an answer.

        Args:
            thinking: The marks and the budget; None: all of the text is answer.
            mark_tokens: The names of the special tokens in the marks.
        """
        self._thinking = thinking
        self._mark_tokens = mark_tokens
        self._budget = thinking.budget_tokens if thinking is not None else 0
        self._thought = False
        """The thinking is over."""
        self._answered = False
        self._held = ""
        self._trimming = thinking is not None and thinking.begun
        """White space at the start of the answer is dropped: it belongs to the closing mark."""
        self.spent = 0
        """Tokens between the marks so far."""
        self._marks = self._marking = 0
        """Marks so far, and their tokens."""
        self._undecided = 0
        """Tokens that may become a mark."""
        self.ended = False
        """A mark ended the answer."""
        if thinking is None:
            self._section = _Section.ANSWER
            return
        self._section = _Section.THINKING if thinking.begun else _Section.UNDECIDED
        marks = thinking.marks
        self._openings = self._with_turn(marks.openings)
        self._leads = self._with_turn(marks.leads)
        self._closing, self._tail = self._encoded(marks.closing), self._encoded(marks.tail)

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
        """Tokens so far that are not answer, those of the marks included."""
        return self.spent + self._marking + self._undecided

    def push(self, text: str) -> Iterator[Piece]:
        """Add the text of a generated token."""
        return self._generated(text.replace(_BEGIN, "\ufffd").replace(_END, "\ufffd"))

    def push_special(self, text: str) -> Iterator[Piece]:
        """Add a generated special token."""
        return self._generated(f"{_BEGIN}{text}{_END}")

    def conclude(self) -> Iterator[Piece]:
        """Add the conclusion, in the model's place; all that follows is answer."""
        if self._thinking is not None:
            yield from self._add(self._encoded(self._thinking.conclusion))
            self._held = self._held.lstrip()
            self._section, self._undecided = _Section.ANSWER, 0
            yield from self._answer()

    def flush(self) -> Iterator[Piece]:
        """Yield what was withheld, at the end of the stream."""
        held, self._held = self._held, ""
        if self._section is _Section.THINKING:
            if held:
                yield Piece(_plain(held), thought=True)
        elif not self.ended:
            yield from self._pieces(held)

    def _generated(self, text: str) -> Iterator[Piece]:
        self.spent += self._section is _Section.THINKING
        self._undecided += self._section is _Section.UNDECIDED
        yield from self._add(text)

    def _add(self, text: str) -> Iterator[Piece]:
        self._held += text
        section = None
        while section is not self._section:
            section = self._section
            match section:
                case _Section.UNDECIDED:
                    self._look_for_mark()
                case _Section.THINKING:
                    yield from self._look_for_closing()
                case _Section.ANSWER:
                    yield from self._answer()

    def _encoded(self, mark: str) -> str:
        """Return a text with its special tokens as :meth:`push_special` adds them."""
        if not self._mark_tokens:
            return mark
        names = sorted(self._mark_tokens, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, names)), f"{_BEGIN}\\g<0>{_END}", mark)

    def _with_turn(self, marks: tuple[str, ...]) -> tuple[str, ...]:
        """Return marks as they are looked for: with and without the turn, blanks before dropped."""
        turn = self._thinking.marks.turn if self._thinking is not None else ""
        both = (*marks, *(turn + mark for mark in marks)) if turn else marks
        return tuple(self._encoded(mark.lstrip()) for mark in both)

    def _look_for_mark(self) -> None:
        """Go on to thinking or answer, unless the text may still become a mark."""
        while self._section is _Section.UNDECIDED:
            begun, marks = self._held.lstrip(), self._possible_marks()
            if mark := next(filter(begun.startswith, marks), None):
                self._drop_mark(begun, mark)
            elif self._undecided <= _MAX_UNDECIDED and any(m.startswith(begun) for m in marks):
                return
            else:
                self._section, self._undecided = _Section.ANSWER, 0

    def _possible_marks(self) -> tuple[str, ...]:
        if self._marks >= MAX_MARKS:
            return ()
        return tuple(filter(None, (*self._openings, *self._leads, self._closing)))

    def _drop_mark(self, begun: str, mark: str) -> None:
        """Drop the mark at the beginning of a text; a closing one ends thinking that is empty."""
        self._held = begun[len(mark) :]
        self._marks += 1
        self._marking, self._undecided = self._marking + self._undecided, 0
        self._trimming = True
        if mark in self._openings:
            self._section = _Section.THINKING
        elif mark in self._leads:
            self._section = _Section.ANSWER
        else:
            self._thought = True

    def _look_for_closing(self) -> Iterator[Piece]:
        thought, found, self._held = _up_to(self._held, self._closing)
        if thought:
            yield Piece(_plain(thought), thought=True)
        if found:
            self._section, self._thought, self._trimming = _Section.UNDECIDED, True, True

    def _answer(self) -> Iterator[Piece]:
        if self.ended:
            self._held = ""
        elif self._thinking is not None and self._tail:
            text, self.ended, self._held = _up_to(self._held, self._tail)
            yield from self._pieces(text)
        elif self._thought and self._closing and _BEGIN not in self._closing:
            # The model spells its marks, and may spell one again.
            found = True
            while found:
                text, found, self._held = _up_to(self._held, self._closing)
                yield from self._pieces(text)
                if found:
                    yield from self._special(self._closing)
        else:
            text, self._held = self._held, ""
            yield from self._pieces(text)

    def _pieces(self, text: str) -> Iterator[Piece]:
        """Yield text of the answer: its words, and its special tokens."""
        for number, part in enumerate(_SPECIAL.split(text)):
            yield from self._special(part) if number % 2 else self._words(part)

    def _words(self, text: str) -> Iterator[Piece]:
        if self._trimming:
            text = text.lstrip()
            self._trimming = not text
        if text:
            self._answered = self._answered or not text.isspace()
            yield Piece(text)

    def _special(self, text: str) -> Iterator[Piece]:
        """Yield a special token of the answer, unless it is a mark that says nothing there."""
        if self._thinking is not None and self._is_silent(self._thinking, text):
            return
        self._trimming, self._answered = False, True
        yield Piece(text, special=True)

    def _is_silent(self, thinking: Thinking, text: str) -> bool:
        """Whether a mark is dropped: it surrounds the answer, or closes nothing before it."""
        if text == thinking.marks.closing:
            return self.owes_answer
        return text in self._mark_tokens and bool(thinking.marks.leads)


def _plain(text: str) -> str:
    """Return a text with its special tokens by their names."""
    return _SPECIAL.sub(r"\1", text)


def _up_to(text: str, mark: str) -> tuple[str, bool, str]:
    """Return the text before a mark, whether it is there, and the text that stays withheld."""
    before, found, after = text.partition(mark)
    if found:
        return before, True, after
    sizes = range(min(len(mark) - 1, len(text)), 0, -1)
    kept = next((size for size in sizes if text.endswith(mark[:size])), 0)
    return text[: len(text) - kept], False, text[len(text) - kept :]
