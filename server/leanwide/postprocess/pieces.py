"""Changed pieces of a code: blocks of old and new lines, found in the answer and put in place.

A block is ``<<<<<<< SEARCH``, the old lines, ``=======``, the new lines, ``>>>>>>> REPLACE``.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Container, Sequence
from itertools import pairwise
from typing import Final

from attrs import evolve, frozen

from leanwide.postprocess.indent import indentation, shifted

_SEARCH: Final = re.compile(r"\s*<{5,9} ?SEARCH\b.*")
_MIDDLE: Final = re.compile(r"\s*={5,9}\s*")
_ASKED_MIDDLE: Final = "======="
_REPLACE: Final = re.compile(r"\s*>{5,9} ?REPLACE\b.*")


@frozen
class ChangedPiece:
    """Lines without endings, and the lines that take their place."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    shorter: tuple[ChangedPiece, ...] = ()
    """The same block with fewer old lines, the most first: titles look like the middle mark."""


@frozen
class AnswerPieces:
    """The blocks of an answer."""

    whole: tuple[ChangedPiece, ...]
    open: bool
    """The last block has begun and is not whole."""


@frozen
class PiecePlace:
    """Where a piece belongs: lines from ``first`` to ``last``, exclusive, and the new ones."""

    first: int
    last: int
    new: tuple[str, ...]


class Unplaced(ValueError):  # noqa: N818  # a fact about an answer
    """A block has no place, or more than one; the message says which, and is a sentence."""


def pieces_in(answer: str) -> AnswerPieces:
    """Return the blocks of an answer with LF endings; what stands between them is left out."""
    found: list[ChangedPiece] = []
    block: list[str] | None = None
    for line in answer.split("\n"):
        if _SEARCH.fullmatch(line):
            block = []
        elif block is not None and _REPLACE.fullmatch(line) and (readings := _readings(block)):
            found.append(evolve(readings[0], shorter=readings[1:]))
            block = None
        elif block is not None:
            block.append(line)
    return AnswerPieces(tuple(found), open=block is not None)


def _readings(block: Sequence[str]) -> tuple[ChangedPiece, ...]:
    """Return the ways to part a block at a middle mark, most old lines first.

    Where one is as it was asked for, only such marks count.
    """
    marks = [at for at, line in enumerate(block) if _MIDDLE.fullmatch(line)]
    marks = [at for at in marks if block[at] == _ASKED_MIDDLE] or marks
    return tuple(ChangedPiece(tuple(block[:at]), tuple(block[at + 1 :])) for at in reversed(marks))


def placed(
    lines: Sequence[str], shown: Container[int], pieces: Sequence[ChangedPiece]
) -> list[PiecePlace]:
    """Return the places of pieces, in the order of the lines.

    Args:
        lines: Without endings.
        shown: Indexes of the lines that may be searched for.
        pieces: Old lines have to occur once, as they are, or else with other indentation.

    Raises:
        Unplaced: A piece does not occur, occurs twice, or overlaps with another.
    """
    found = [(_place(lines, shown, piece, at), at) for at, piece in enumerate(pieces, 1)]
    found.sort(key=lambda one: (one[0].first, one[0].last))
    for (above, one), (below, other) in pairwise(found):
        if below.first < above.last or (below.first, below.last) == (above.first, above.last):
            raise Unplaced(f"Blocks {min(one, other)} and {max(one, other)} change the same lines.")
    return [place for place, _ in found]


def _place(
    lines: Sequence[str], shown: Container[int], piece: ChangedPiece, number: int
) -> PiecePlace:
    """Return the place of the most old lines that have one.

    Raises:
        Unplaced: None has one, or the lines go on with what would be the middle mark.
    """
    try:
        return _place_of(lines, shown, piece, number)
    except Unplaced:
        for shorter in piece.shorter:
            with contextlib.suppress(Unplaced):
                place = _place_of(lines, shown, shorter, number)
                if _MIDDLE.fullmatch("".join(lines[place.last : place.last + 1])):
                    break
                return place
        raise


def _place_of(
    lines: Sequence[str], shown: Container[int], piece: ChangedPiece, number: int
) -> PiecePlace:
    old, new = without_blank_ends(piece.old), list(piece.new)
    if not old:
        raise Unplaced(f"Block {number} has no line to search for.")
    rows = _occurrences([line.rstrip() for line in lines], shown, [line.rstrip() for line in old])
    if not rows:
        rows = _occurrences([line.strip() for line in lines], shown, [line.strip() for line in old])
    if not rows:
        raise Unplaced(
            f"The old lines of block {number}, from `{old[0].strip()[:80]}`, do not occur."
        )
    if len(rows) > 1:
        raise Unplaced(
            f"The old lines of block {number}, from `{old[0].strip()[:80]}`, occur "
            f"{len(rows)} times: more of the lines around are needed."
        )
    first = rows[0]
    there = lines[first : first + len(old)]
    return PiecePlace(first, first + len(old), tuple(_moved(_like(piece.old, new), old, there)))


def _occurrences(lines: Sequence[str], shown: Container[int], old: Sequence[str]) -> list[int]:
    """Return the first rows of runs of shown lines that are ``old``."""
    return [
        row
        for row in range(len(lines) - len(old) + 1)
        if lines[row] == old[0]
        and list(lines[row : row + len(old)]) == list(old)
        and all(at in shown for at in range(row, row + len(old)))
    ]


def _moved(new: list[str], old: Sequence[str], there: Sequence[str]) -> list[str]:
    """Return new lines, moved as far as the old ones have to be; old ones among them as there."""
    said, wanted = indentation(old).margin, indentation(there).margin
    if list(map(str.rstrip, old)) == list(map(str.rstrip, there)):
        return new
    own = dict(zip(old, there, strict=True))
    return [
        own[line] if line in own else shifted(line, said, wanted) if line.strip() else line
        for line in new
    ]


def _like(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Return the new lines without the blank ends that the old lines have too.

    Blank lines alone stand for none: models write them between the two marks.
    """
    if not any(map(str.strip, new)):
        return []
    first, last = _blank_ends(old)
    own_first, own_last = _blank_ends(new)
    return list(new[min(first, own_first) : len(new) - min(last, own_last)])


def without_blank_ends(lines: Sequence[str]) -> list[str]:
    """Return lines without the blank ones at both ends."""
    first, last = _blank_ends(lines)
    return list(lines[first : len(lines) - last])


def _blank_ends(lines: Sequence[str]) -> tuple[int, int]:
    """Return the numbers of blank lines at the start and at the end; all at the start if blank."""
    first = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    rest = lines[first:]
    last = next((at for at, line in enumerate(reversed(rest)) if line.strip()), 0)
    return first, last
