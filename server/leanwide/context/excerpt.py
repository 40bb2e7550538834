"""Pieces of documents that come without a name: what stands around a cursor, as an editor sends it.

An editor that speaks HTTP sends a number of lines around the cursor, and these slide with it. Lines
that slid out of an excerpt are kept above it, so that a window that begins at them can stay. Pure.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve, frozen

from leanwide.context.view import Snapshot, View, split_lines

_COMPARED_LINES: Final = 400
"""Lines above the cursor, and below it, that two excerpts are compared by."""
_ALIKE: Final = 0.5
"""Share of an excerpt's lines that it has in common with an earlier one of the same document."""
_SAME_LINES: Final = 8
"""Lines at the beginning of an excerpt by which its place in an earlier one is found."""
_MAX_KEPT_LINES: Final = 2_000
"""Lines above an excerpt that are kept."""


@frozen
class Excerpt:
    """A text with a cursor. Lines have their endings."""

    head: tuple[str, ...]
    """The lines above the cursor's line."""
    before: str
    """The cursor's line, left of the cursor."""
    tail: tuple[str, ...]
    """The rest of the cursor's line, and the lines below it."""

    def view(self, uri: str, path: str, version: int) -> View:
        """Return the text as a document with a cursor; its language is known by its path only."""
        current = self.before + self.tail[0]
        lines = (*self.head, *((current,) if current else ()), *self.tail[1:])
        snapshot = Snapshot(uri=uri, path=path, language_id="", version=version, lines=lines)
        return snapshot.at(len(self.head), len(self.before))


def excerpt_of(before: str, after: str) -> Excerpt:
    """Return the excerpt of a text left of the cursor and one right of it."""
    head = split_lines(before + "|")  # the mark keeps an empty last line
    tail = split_lines("|" + after)
    return Excerpt(tuple(head[:-1]), head[-1][:-1], (tail[0][1:], *tail[1:]))


def is_of(excerpt: Excerpt, known: Excerpt) -> bool:
    """Whether an excerpt seems to be of the same document as an earlier one."""
    lines, others = _lines(excerpt), _lines(known)
    if not lines or not others:
        shorter, longer = sorted((excerpt.before, known.before), key=len)
        return not lines and not others and shorter.strip() != "" and longer.startswith(shorter)
    return len(lines & others) >= _ALIKE * len(lines)


def is_typed(excerpt: Excerpt, known: Excerpt) -> bool:
    """Whether an excerpt may differ from an earlier one by what is typed at the cursor alone."""
    now = joined(excerpt, known)
    lines = min(len(now.head), len(known.head))
    return now.tail == known.tail and now.head[:lines] == known.head[:lines]


def joined(excerpt: Excerpt, known: Excerpt) -> Excerpt:
    """Return an excerpt with the lines that an earlier one of the same document has around it."""
    kept = known.head[: _place(excerpt.head, known.head)]
    below = len(excerpt.tail)
    longer = known.tail if known.tail[:below] == excerpt.tail else excerpt.tail
    return evolve(excerpt, head=(*kept[-_MAX_KEPT_LINES:], *excerpt.head), tail=longer)


def _place(head: tuple[str, ...], known: tuple[str, ...]) -> int:
    """Return the line of an earlier text at which lines begin; 0 where they are not found.

    An excerpt begins a little below the one before it, above which only so many lines are kept.
    """
    start = head[:_SAME_LINES]
    if not any(line.strip() for line in start):
        return 0
    last = min(len(known) - len(start), 2 * _MAX_KEPT_LINES)
    places = (at for at in range(last, 0, -1) if known[at] == start[0])
    return next((at for at in places if known[at : at + len(start)] == start), 0)


def _lines(excerpt: Excerpt) -> frozenset[str]:
    """Return the lines near the cursor that are not blank, without the cursor's."""
    near = (*excerpt.head[-_COMPARED_LINES:], *excerpt.tail[1:_COMPARED_LINES])
    return frozenset(filter(None, map(str.strip, near)))
