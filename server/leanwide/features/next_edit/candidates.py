"""What may be edited next, from what was edited last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Final

from leanwide.context.view import Snapshot, with_lf
from leanwide.features.next_edit.candidate import Candidate
from leanwide.features.next_edit.event import EditEvent
from leanwide.features.next_edit.occurrences import Role, occurrence_at
from leanwide.features.next_edit.proposal import Proposal
from leanwide.features.next_edit.renames import renamed
from leanwide.features.next_edit.source import Source, sources
from leanwide.syntax import Edit, Position, SyntaxTree, error_count

_MAX_SOURCES: Final = 6
_MAX_CANDIDATES: Final = 8
_MAX_CHECKED: Final = 24


def candidates(
    events: Sequence[EditEvent],
    document: Snapshot,
    tree: SyntaxTree | None,
    cursor: tuple[int, int] | None = None,
) -> tuple[Candidate, ...]:
    if tree is None or tree.given_up:
        return ()
    found = sources(events, document)
    proposals = [one for source in found[:_MAX_SOURCES] for one in _proposals(tree, source, found)]
    start = cursor or (0, 0)
    seen = {}
    for one in proposals:
        seen.setdefault(one.span, one)
    ordered = sorted(seen.values(), key=lambda one: (one.span.start < start, one.span))
    checked = 0
    result = []
    for one in ordered:
        checked += 1
        if checked > _MAX_CHECKED or len(result) >= _MAX_CANDIDATES:
            break
        if not parses_worse(tree, one):
            result.append(
                Candidate(
                    uri=document.uri, path=document.path, version=document.version,
                    edit=Edit(one.span.start, one.span.end, one.text), replaced=tree.text(one.span),
                    kind=one.kind, certain=one.certain, reason=one.reason + (" [" + one.rule + "]"),
                )
            )
    return tuple(result)


def parses_worse(tree, one):
    s, e = one.span
    lines = list(tree.lines)
    text = lines[s.line][: s.column] + one.text + lines[e.line][e.column :]
    lines[s.line : e.line + 1] = text.splitlines(True)
    return error_count(tree.edited(lines)) > error_count(tree)


def _proposals(tree, source, all_sources) -> Iterator[Proposal]:
    if source.line is None:
        return
    for replacement in source.replacements:
        name = replacement.name
        if name is None:
            continue
        place = occurrence_at(tree, replacement.new[0].span)
        if place is None:
            continue
        if place.role not in (Role.USE, Role.KEY):
            yield from renamed(tree, *name, place)
