"""A rewrite that the user made: the same code elsewhere follows.

Which likenesses are enough was measured on successive releases of packages in Python and
JavaScript: what the authors changed next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from attrs import frozen

from leanwide.features.next_edit.candidate import CandidateKind
from leanwide.features.next_edit.node_types import ARGUMENTS, IMPORTS
from leanwide.features.next_edit.occurrences import Role, in_text, occurrence_at
from leanwide.features.next_edit.proposal import Proposal
from leanwide.features.next_edit.rewrite_matches import Place, pieces, places
from leanwide.features.next_edit.rewrites import Example, Rewrite
from leanwide.features.next_edit.source import Source
from leanwide.features.next_edit.tokenized import TokenizedDocument
from leanwide.features.next_edit.tokens import Token, is_name, is_string, likeness, texts
from leanwide.syntax import Span

_MIN_NAME: Final = 3
"""Characters of a name that tells code apart."""
_MAX_PLACES: Final = 40
"""Places of a rewrite that are looked at."""
_CONTEXT: Final = 2
"""Tokens on either side that are compared."""
_BINDING: Final = frozenset({Role.PARAMETER, Role.VARIABLE, Role.DEFINITION, Role.IMPORTED})


@frozen(eq=False)
class Evidence:
    """A rewrite with its newest example."""

    example: Example
    source: Source
    count: int
    """Changed lines in which it was made."""


def evidence(found: Iterable[Source]) -> tuple[Evidence, ...]:
    """Return what was rewritten, newest first; never what was also rewritten back."""
    known: dict[Rewrite, Evidence] = {}
    for source in found:
        for example in source.examples:
            before = known.get(example.rewrite)
            known[example.rewrite] = (
                Evidence(before.example, before.source, before.count + 1)
                if before
                else Evidence(example, source, 1)
            )
    undone = {rewrite.reversed for rewrite in known}
    return tuple(one for rewrite, one in known.items() if rewrite.replacements not in undone)


def repeated(document: TokenizedDocument, seen: Evidence) -> Iterator[Proposal]:
    """Yield the places below the newest example where a rewrite fits.

    Above it, the user has passed them.
    """
    rewrite = seen.example.rewrite
    if not _is_distinctive(rewrite):
        return
    first = seen.source.lines.stop if seen.source.line is not None else 0
    for line in _lines(document, rewrite, first):
        tokens = document.tokens(line)
        for where in places(rewrite, tokens):
            if _fits(document, seen, tokens, where):
                yield Proposal(
                    line=line,
                    pieces=pieces(rewrite, tokens, where),
                    kind=_kind(document, tokens[where[0][0]].span),
                    reason=_reason(rewrite),
                    certain=seen.count > 1,
                )


def _lines(document: TokenizedDocument, rewrite: Rewrite, first: int) -> list[int]:
    probe = max(rewrite.old, key=len)
    return [line for line in document.lines_with(probe) if line >= first][:_MAX_PLACES]


def _is_distinctive(rewrite: Rewrite) -> bool:
    """Whether its old tokens tell code apart: a long name or a string, and no single keyword."""
    old = rewrite.old
    if not all(part.old for part in rewrite.parts):
        return False
    return any(is_string(one) or (is_name(one) and len(one) >= _MIN_NAME) for one in old)


def _fits(
    document: TokenizedDocument, seen: Evidence, tokens: Sequence[Token], where: Sequence[Place]
) -> bool:
    """Whether a place is enough like the example's."""
    here = tokens[where[0][0]].span
    if not _has_role(document, seen, here):
        return False
    rewrite, change = seen.example.rewrite, seen.example.change
    if len(rewrite.parts) > 1:
        return True
    context = _context(seen.example, tokens, where)
    line = likeness(change.before, tokens) if change.is_pair else 0.0
    (part,) = rewrite.parts
    if is_string(part.old[0]):
        return seen.count > 1 or context >= 3
    if rewrite.name is not None:
        return seen.count > 1 and (line >= 0.5 or context >= 3)
    if not part.new:
        return seen.count > 1 and (line >= 0.8 or context >= 3)
    if len(part.old) > 1:
        return context >= 4 or (seen.count > 1 and (context >= 3 or line >= 0.3))
    return False


def _has_role(document: TokenizedDocument, seen: Evidence, here: Span) -> bool:
    """Whether what stands at a place is of the kind that the example replaced."""
    tree = document.tree
    around = tree.around(here.start, here.end)
    if not around or (in_text(tree, around) and not is_string(tree.text(here))):
        return False
    place = occurrence_at(tree, here)
    role = place.role if place else None
    start, end = seen.example.after
    if seen.source.line is None or start == end:
        return role not in _BINDING
    example = occurrence_at(tree, seen.example.change.after[start].span)
    return role not in _BINDING or (example is not None and example.role is role)


def _context(example: Example, tokens: Sequence[Token], where: Sequence[Place]) -> int:
    """Return how many tokens next to a place are as they are next to the example, at most four."""
    before, (first, last) = texts(example.change.before), example.before
    words, start, end = texts(tokens), where[0][0], where[-1][1]
    left = zip(reversed(before[:first]), reversed(words[:start]), strict=False)
    right = zip(before[last:], words[end:], strict=False)
    return _agreement(left) + _agreement(right)


def _agreement(pairs: Iterable[tuple[str, str]]) -> int:
    count = 0
    for one, other in pairs:
        if one != other or count == _CONTEXT:
            break
        count += 1
    return count


def _kind(document: TokenizedDocument, here: Span) -> CandidateKind:
    types = {node.type for node in document.tree.around(here.start, here.end)[:4]}
    if types & IMPORTS:
        return CandidateKind.IMPORT
    return CandidateKind.ARGUMENT if types & ARGUMENTS else CandidateKind.REPLACEMENT


def _reason(rewrite: Rewrite) -> str:
    parts = rewrite.parts
    old = "…".join(" ".join(part.old) for part in parts)
    new = "…".join(part.text.strip() for part in parts)
    return f"`{old}` became `{new}`" if new.strip("…") else f"`{old}` was removed"
