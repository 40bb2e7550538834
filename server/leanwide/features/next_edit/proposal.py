"""A change of one line that an edit suggests, before it is checked."""

from __future__ import annotations

from attrs import frozen

from leanwide.features.next_edit.candidate import CandidateKind


@frozen(order=True)
class LinePiece:
    """A part of a line, replaced."""

    start: int
    """The first column, in code points."""
    end: int
    text: str

    def overlaps(self, other: LinePiece) -> bool:
        """Whether both cannot be made: they replace the same text, or insert at one place."""
        if self.start == self.end or other.start == other.end:
            return self.start <= other.end and other.start <= self.end
        return self.start < other.end and other.start < self.end


@frozen(kw_only=True)
class Proposal:
    """Parts of a line that change together."""

    line: int
    """Counts from 0."""
    pieces: tuple[LinePiece, ...]
    kind: CandidateKind
    reason: str
    certain: bool = False

    def fits(self, pieces: tuple[LinePiece, ...]) -> bool:
        """Whether none of its pieces overlaps with one of ``pieces``."""
        return not any(own.overlaps(other) for own in self.pieces for other in pieces)


def with_pieces(line: str, pieces: tuple[LinePiece, ...]) -> str:
    """Return a line after its pieces are replaced."""
    for piece in sorted(pieces, reverse=True):
        line = line[: piece.start] + piece.text + line[piece.end :]
    return line
