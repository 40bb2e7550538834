"""What an answer adds between the lines above a place and those below it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from attrs import frozen

from leanwide.postprocess.elision import is_elision

_CLOSER: Final = re.compile(r"(?:[)\]}]+[;,]*|</.*>|end|fi|done|esac)")
"""A line that does nothing but end a block."""
_WORD: Final = re.compile(r"\w+")
_KEYWORD: Final = re.compile(r"\W*(?:\w+\s*[:{]|do|begin|else|then)\s*")
_COMMENT_LINE: Final = re.compile(r"/\*|\*/|\*(?:\s|$)|<!--")
"""How a line of a comment may begin, besides the language's mark."""


@frozen(kw_only=True)
class SurroundingLines:
    """Lines around a place, as the model was shown them, without endings."""

    above: tuple[str, ...]
    below: tuple[str, ...]
    heads: frozenset[str]
    """The heads of definitions around the place, stripped: they may be repeated alone."""
    margin: int
    """Characters in front of code at the place."""
    comment: str
    """What starts a comment; "" where nothing does."""

    def added(self, rows: Sequence[str]) -> list[str]:
        """Return an answer without what it repeats of these lines.

        Repeated are the lines directly above, or only heads of what is around the place, and the
        lines directly below, or only what closes the heads. Comments make no difference.
        """
        said = _Filled.of(rows, self.comment)
        above, below = _Filled.of(self.above, self.comment), _Filled.of(self.below, self.comment)
        start = self._repeated_above(said, above)
        around = self.heads | set(self._openers())
        levels = {_margin(rows[row]) for row in said.rows[:start] if rows[row].strip() in around}
        end = self._repeated_below(said, start, below, levels)
        first = said.rows[start - 1] + 1 if start else 0
        last = said.rows[end] if end < len(said.rows) else len(rows)
        return self._without_comments(list(rows[first:last]), above, below)

    def _openers(self) -> Iterator[str]:
        """Yield the lines above that begin what is around the place, by their indentation."""
        level = self.margin
        for line in reversed(self.above):
            if line.strip() and _margin(line) < level:
                level = _margin(line)
                yield line.strip()

    def _repeated_above(self, said: _Filled, above: _Filled) -> int:
        """Return how many of the answer's lines repeat those above."""
        for size in range(len(above.texts), 0, -1):
            run = above.texts[-size:]
            for end in range(size, len(said.texts) + 1):
                before, repeated = said.texts[: end - size], said.texts[end - size : end]
                if repeated == run and self._are_heads(before) and _say_much((*before, *run)):
                    return end
        counts = range(len(said.texts), 0, -1)
        found = (count for count in counts if self._are_heads(said.texts[:count]))
        return next((count for count in found if _say_much(said.texts[:1])), 0)

    def _repeated_below(self, said: _Filled, start: int, below: _Filled, levels: set[int]) -> int:
        """Return where the answer's lines begin that repeat those below."""
        for at in range(start, len(said.texts)):
            rest = said.texts[at:]
            if said.margin(at) > said.margin(start):
                continue  # a line of a block that is new
            if below.texts[:1] == rest[:1] and _is_part(rest, below.texts):
                closes = all(map(_CLOSER.fullmatch, rest))
                margins = {said.margin(row) for row in range(at, len(said.texts))}
                if margins <= levels if closes else _say_much(rest):
                    return at
        end = len(said.texts)
        while (
            end > start
            and _CLOSER.fullmatch(said.texts[end - 1])
            and said.margin(end - 1) in levels
        ):
            end -= 1
        return end

    def _are_heads(self, texts: Sequence[str]) -> bool:
        """Whether texts are heads of what is around the place; a keyword alone may begin others."""
        openers = set(self._openers())
        first = {text for text in openers if len(_WORD.findall(text)) > 1}
        return (self.heads | openers).issuperset(texts) and (self.heads | first).issuperset(
            texts[:1]
        )

    def _without_comments(self, rows: list[str], above: _Filled, below: _Filled) -> list[str]:
        """Return lines without comments at their ends that stand for what is around the place."""
        before = {line.strip() for line in self.above[above.rows[-1] + 1 if above.rows else 0 :]}
        after = {line.strip() for line in self.below[: below.rows[0] if below.rows else None]}
        while rows and (rows[0].strip() in before | {""} or is_elision(rows[0])):
            rows.pop(0)
        while rows and (rows[-1].strip() in after | {""} or is_elision(rows[-1])):
            rows.pop()
        return rows


@frozen
class _Filled:
    """The lines of a text that hold more than a comment."""

    lines: Sequence[str]
    rows: tuple[int, ...]
    texts: tuple[str, ...]
    """Stripped."""

    @classmethod
    def of(cls, lines: Sequence[str], comment: str) -> _Filled:
        rows, texts = [], []
        for row, line in enumerate(lines):
            text = line.strip()
            is_comment = comment and (text.startswith(comment) or _COMMENT_LINE.match(text))
            if text and not is_comment:
                rows.append(row)
                texts.append(text)
        return cls(lines, tuple(rows), tuple(texts))

    def margin(self, at: int) -> int:
        """Return the characters in front of one of the texts."""
        return _margin(self.lines[self.rows[at]])


def _is_part(texts: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether texts stand in another sequence, in their order."""
    rest = iter(whole)
    return all(text in rest for text in texts)


def _say_much(texts: Sequence[str]) -> bool:
    """Whether texts are more than a bracket or a keyword, which code often begins and ends with."""
    text = " ".join(texts)
    return _WORD.search(text) is not None and _KEYWORD.fullmatch(text) is None


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())
