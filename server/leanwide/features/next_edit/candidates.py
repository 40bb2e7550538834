"""What may be edited next, from what was edited last, without a model.

Pure; the clock only limits the work.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Final

from attrs import evolve

from leanwide.context.view import Snapshot, with_lf
from leanwide.features.next_edit.arguments import argument_changes
from leanwide.features.next_edit.candidate import Candidate
from leanwide.features.next_edit.event import EditEvent
from leanwide.features.next_edit.evidence import Evidence, evidence
from leanwide.features.next_edit.exports import exported
from leanwide.features.next_edit.proposal import LinePiece, Proposal, with_pieces
from leanwide.features.next_edit.renames import renamed, renaming
from leanwide.features.next_edit.repeats import joining, repeated
from leanwide.features.next_edit.signatures import parameter_added
from leanwide.features.next_edit.source import Source, sources
from leanwide.features.next_edit.tokenized import TokenizedDocument
from leanwide.features.next_edit.twins import alike, twins
from leanwide.syntax import Edit, Position, SyntaxTree, error_nodes
from leanwide.syntax.effort import Effort

_MAX_SOURCES: Final = 8
"""Events from which something may follow, the newest first."""
_MAX_CANDIDATES: Final = 8
_MAX_CHECKED: Final = 16
"""Changed texts that are parsed."""
_WORDS: Final = re.compile(r"\w\w")
_SECONDS: Final = 0.05
"""Of work, after which what was found is returned."""


def candidates(
    events: Sequence[EditEvent],
    document: Snapshot,
    tree: SyntaxTree | None,
    cursor: tuple[int, int] = (0, 0),
) -> tuple[Candidate, ...]:
    """Return what may be edited next in a document, the nearest below the cursor first.

    Args:
        events: What the user changed in any document, newest first.
        document: Any document of the workspace, as it is now.
        tree: Its tree; without one there are no candidates.
        cursor: Line and column; the start, if the cursor is in another document.
    """
    if tree is None or tree.given_up or not events:
        return ()
    found = sources(events, document)
    if not found or not found[0].is_finished(tree):
        return ()
    effort = Effort(_SECONDS)
    text = TokenizedDocument(tree)
    seen = evidence(found)
    proposals = list(
        takewhile(
            lambda _: not effort.is_spent(), _proposals(text, document.language_id, found, seen)
        )
    )
    lines = {one.line for one in proposals}
    more = [proposal for one in seen for proposal in joining(text, one, lines)]
    joined = _joined_by_line([*proposals, *more])
    ordered = sorted(joined, key=lambda one: (not one.certain, one.line < cursor[0], one.line))
    return tuple(_checked(document, tree, found, ordered, effort))


def _proposals(
    document: TokenizedDocument,
    language_id: str,
    found: Sequence[Source],
    seen: Sequence[Evidence],
) -> Iterator[Proposal]:
    """Yield what follows from the events, from what says most to what says least."""
    here = [source for source in found if source.line is not None][:_MAX_SOURCES]
    for source in here:
        for example in source.examples:
            change = renaming(document.tree, example)
            if change is not None:
                yield from renamed(change)
    for source in found[:_MAX_SOURCES]:
        if source.line is None and source.event.language_id == language_id:
            yield from exported(document.tree, source)
    yield from alike(document, found[:_MAX_SOURCES])
    for one in seen:
        yield from repeated(document, one)
    for source in here[:1]:
        for example in source.examples:
            yield from argument_changes(document, example)
            yield from parameter_added(document, example)
        yield from twins(document, source)


def _joined_by_line(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Return one proposal for each line: all that fits together there."""
    lines: dict[int, list[Proposal]] = defaultdict(list)
    for one in proposals:
        lines[one.line].append(one)
    joined = []
    for some in lines.values():
        first, *others = sorted(some, key=_rank)
        pieces = first.pieces
        for other in others:
            if other.fits(pieces):
                pieces += other.pieces
        joined.append(evolve(first, pieces=tuple(sorted(pieces))))
    return joined


def _rank(proposal: Proposal) -> tuple[bool, int]:
    """Smaller for what says more about a line."""
    return not proposal.certain, -len(proposal.pieces)


def _checked(
    document: Snapshot,
    tree: SyntaxTree,
    found: Sequence[Source],
    proposals: Iterable[Proposal],
    effort: Effort,
) -> Iterator[Candidate]:
    errors = _errors(tree)
    checked = shown = 0
    for proposal in proposals:
        if checked >= _MAX_CHECKED or shown >= _MAX_CANDIDATES or effort.is_spent():
            return
        checked += 1
        old = tree.lines[proposal.line]
        new = with_pieces(old, proposal.pieces)
        lines = (*tree.lines[: proposal.line], new, *tree.lines[proposal.line + 1 :])
        if (
            new == old
            or _glues(old, proposal.pieces)
            or any(_undoes(source, lines) for source in found)
        ):
            continue
        if _errors(tree.edited(lines)) <= errors:
            shown += 1
            yield _candidate(document, proposal, old)


def _errors(tree: SyntaxTree) -> int:
    """Return the number of errors, with those of macros: they stay, and cost no other parse."""
    return sum(1 for _ in error_nodes(tree))


def _glues(line: str, pieces: Iterable[LinePiece]) -> bool:
    """Whether two words would become one."""
    return any(
        _WORDS.search(line[: piece.start][-1:] + (piece.text + line[piece.end :])[:1])
        or _WORDS.search((line[: piece.start] + piece.text)[-1:] + line[piece.end :][:1])
        for piece in pieces
    )


def _undoes(source: Source, lines: Sequence[str]) -> bool:
    """Whether an event's lines stand again as they were before it."""
    if source.line is None:
        return False
    start = source.line
    now = lines[start : start + len(source.event.before)]
    return (
        len(source.event.before) == len(source.event.after)
        and tuple(map(with_lf, now)) == source.event.before
    )


def _candidate(document: Snapshot, proposal: Proposal, line: str) -> Candidate:
    start, end = proposal.pieces[0].start, max(piece.end for piece in proposal.pieces)
    inside = tuple(
        LinePiece(piece.start - start, piece.end - start, piece.text) for piece in proposal.pieces
    )
    return Candidate(
        uri=document.uri,
        path=document.path,
        version=document.version,
        edit=Edit(
            Position(proposal.line, start),
            Position(proposal.line, end),
            with_pieces(line[start:end], inside),
        ),
        replaced=line[start:end],
        kind=proposal.kind,
        certain=proposal.certain,
        reason=proposal.reason,
    )
