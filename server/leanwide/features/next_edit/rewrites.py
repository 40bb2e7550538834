"""What a changed line says about other lines: some tokens become others, the rest stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from attrs import frozen

from leanwide.features.next_edit.changed_lines import ChangedLine, Run, changed_lines
from leanwide.features.next_edit.event import EditEvent
from leanwide.features.next_edit.tokens import CodeToken, bracket_depth, is_name, texts
from leanwide.syntax import Position, Span

_MAX_TOKENS: Final = 16
"""Tokens of a part, old or new."""
_MAX_PARTS: Final = 4


@frozen
class Part:
    """Tokens next to each other that become others."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    text: str
    """The new tokens as they are spelt."""
    left: str | None
    """The blanks in front of them; None where those stay as they were."""
    right: str | None
    """The blanks behind them; None where those stay as they were."""


@frozen
class Rewrite:
    """Parts that change together; what stands between two of them, its brackets closed, stays.

    ``Optional[X]`` becomes ``X | None`` in two parts: ``Optional[`` becomes nothing, and ``]``
    becomes ``| None``.
    """

    parts: tuple[Part, ...]

    @property
    def name(self) -> tuple[str, str] | None:
        """The old and the new name, where one name becomes another."""
        if len(self.parts) != 1:
            return None
        (part,) = self.parts
        both = (*part.old, *part.new)
        if len(part.old) == len(part.new) == 1 and all(map(is_name, both)):
            return part.old[0], part.new[0]
        return None

    @property
    def old(self) -> tuple[str, ...]:
        """The tokens of all parts before."""
        return tuple(token for part in self.parts for token in part.old)

    @property
    def reversed(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        """What undoes it."""
        return tuple((part.new, part.old) for part in self.parts)

    @property
    def replacements(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        """What each part replaces by what."""
        return tuple((part.old, part.new) for part in self.parts)


@frozen(eq=False)
class Example:
    """A rewrite where the user made it."""

    rewrite: Rewrite
    change: ChangedLine
    before: tuple[int, int]
    """The old tokens in the line before, from the first part to the last."""
    after: tuple[int, int]
    """The new tokens in the line after."""
    line: int | None = None
    """Where the event stands in the document; None if it is in another one."""

    @property
    def is_all(self) -> bool:
        """Whether nothing else of the line changed."""
        return len(self.rewrite.parts) == len(self.change.runs)

    @property
    def new_span(self) -> Span | None:
        """Where the new tokens stand in the document, or the place between two others.

        None in another document, and where they are on several lines.
        """
        start, end = self.after
        tokens = self.change.after
        if self.line is None or (start == end and not start):
            return None
        first = tokens[start].span.start if start < end else tokens[start - 1].span.end
        last = tokens[end - 1].span.end
        if first.line != last.line:
            return None
        line = self.line + first.line
        return Span(Position(line, first.column), Position(line, last.column))

    @property
    def first_new(self) -> Span | None:
        """Where the first of the new tokens stands in the document; None for none."""
        start, end = self.after
        if self.line is None or start == end:
            return None
        token = self.change.after[start]
        line = self.line + token.line
        return Span(Position(line, token.column), Position(line, token.end))


@lru_cache(maxsize=64)
def examples(event: EditEvent) -> tuple[Example, ...]:
    """Return the rewrites of an event. Cached: every candidate search asks for all events."""
    return tuple(example for change in changed_lines(event) for example in _examples(event, change))


def _examples(event: EditEvent, change: ChangedLine) -> Iterator[Example]:
    group: list[Run] = []
    old_depth = new_depth = 0
    for run in (_leftmost(change, run) for run in change.runs):
        group.append(run)
        old_depth += bracket_depth(change.before[run[0] : run[1]])
        new_depth += bracket_depth(change.after[run[2] : run[3]])
        if old_depth == new_depth == 0:
            parts = [_part(event, change, one) for one in group]
            if None not in parts and len(parts) <= _MAX_PARTS:
                rewrite = Rewrite(tuple(filter(None, parts)))
                first, last = group[0], group[-1]
                yield Example(rewrite, change, (first[0], last[1]), (first[2], last[3]))
            group = []


def _leftmost(change: ChangedLine, run: Run) -> Run:
    """Return a run of removed or added tokens as far to the left as it can stand."""
    first, last, start, end = run
    if (first < last) == (start < end):
        return run
    tokens, low, high = (change.before, first, last) if first < last else (change.after, start, end)
    steps = 0
    while (
        steps < min(first, start) and tokens[low - steps - 1].text == tokens[high - steps - 1].text
    ):
        steps += 1
    return first - steps, last - steps, start - steps, end - steps


def _part(event: EditEvent, change: ChangedLine, run: Run) -> Part | None:
    """Return a run as a part; None where it is long, or goes over the end of a line."""
    first, last, start, end = run
    if max(last - first, end - start) > _MAX_TOKENS:
        return None
    old = spelling(change.before, first, last, event.before)
    new = spelling(change.after, start, end, event.after)
    if old is None or new is None:
        return None
    left, right = new.left, new.right
    return Part(
        texts(change.before[first:last]),
        texts(change.after[start:end]),
        new.text,
        None if left == old.left else left,
        None if right == old.right else right,
    )


@frozen
class Spelling:
    """Tokens of one line as they are spelt, with the blanks around them."""

    left: str
    text: str
    right: str
    """Where there is no token, all blanks are on the left, and this is empty."""


def spelling(
    tokens: Sequence[CodeToken], first: int, last: int, lines: Sequence[str]
) -> Spelling | None:
    """Return how tokens are spelt in ``lines``."""
    place = blank_to_blank(tokens, first, last)
    if place is None:
        return None
    line, start, end = place
    text = lines[line]
    if first == last:
        return Spelling(text[start:end], "", "")
    low, high = tokens[first].column, tokens[last - 1].end
    return Spelling(text[start:low], text[low:high], text[high:end])


def blank_to_blank(
    tokens: Sequence[CodeToken], first: int, last: int
) -> tuple[int, int, int] | None:
    """Return the line and columns of tokens with the blanks around them.

    None where they are on several lines, or where there is no token at all.
    """
    lines = {token.line for token in tokens[first:last]}
    left = tokens[first - 1] if first else None
    right = tokens[last] if last < len(tokens) else None
    line = lines.pop() if lines else left.line if left else right.line if right else None
    if line is None or lines:
        return None
    start = end = None
    if left and left.line == line:
        start = left.end
    if right and right.line == line:
        end = right.column
    if start is None:
        start = tokens[first].column if first < last else end
    if end is None:
        end = tokens[last - 1].end if first < last else start
    return (line, start, end) if start is not None and end is not None else None
