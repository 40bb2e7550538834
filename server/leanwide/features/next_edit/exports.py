"""A definition that was renamed in another file: its imports follow, and its uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from leanwide.features.next_edit.candidate import CandidateKind
from leanwide.features.next_edit.event import EditEvent
from leanwide.features.next_edit.occurrences import Role, occurrence_at, occurrences
from leanwide.features.next_edit.proposal import LinePiece, Proposal
from leanwide.features.next_edit.source import Source
from leanwide.syntax import Language, Span, SyntaxTree, parse

_EXPORTED: Final = frozenset({Role.DEFINITION, Role.VARIABLE})
_FOLDER_FILES: Final = frozenset({"__init__", "index", "mod"})
"""Files that are imported by the name of their folder."""


def exported(tree: SyntaxTree, source: Source) -> Iterator[Proposal]:
    """Yield the imports of names that another document renamed at its top level."""
    path = PurePath(source.event.path)
    module = path.parent.name if path.stem in _FOLDER_FILES else path.stem
    for example in source.examples:
        name = example.rewrite.name
        if name is None or not example.is_all:
            continue
        token = example.change.after[example.after[0]]
        if _is_exported(tree.language, source.event, token.span):
            yield from _imports(tree, module, *name)


def _is_exported(language: Language, event: EditEvent, span: Span) -> bool:
    """Whether a name is bound at the top level of the event's document."""
    line = event.after[span.start.line]
    if line[:1].isspace():
        return False
    place = occurrence_at(parse(language, event.after), span)
    return place is not None and place.role in _EXPORTED and place.function is None


def _imports(tree: SyntaxTree, module: str, old: str, new: str) -> Iterator[Proposal]:
    """Yield all of a name where it is imported from ``module``; else nothing."""
    found = list(occurrences(tree, old))
    of_module = re.compile(rf"(?<!\w){re.escape(module)}(?!\w)")
    imported = [
        one
        for one in found
        if one.role in (Role.IMPORTED, Role.VARIABLE)
        and one.function is None
        and of_module.search(tree.lines[one.span.start.line])
    ]
    others = {one.role for one in found} - {Role.IMPORTED, Role.USE, Role.MEMBER, Role.KEY}
    if not imported or (others and others != {one.role for one in imported}):
        return
    for one in found:
        if one.role is Role.USE or one in imported:
            yield Proposal(
                line=one.span.start.line,
                pieces=(LinePiece(one.span.start.column, one.span.end.column, new),),
                kind=CandidateKind.IMPORT,
                certain=True,
                reason=f"`{old}` is now `{new}`",
            )
