"""A rewrite that the user made: the same code elsewhere follows.

Which likenesses are enough was measured on successive releases of packages in Python and
JavaScript: what the authors changed next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from leanwide.features.next_edit.candidate import CandidateKind
from leanwide.features.next_edit.evidence import Evidence
from leanwide.features.next_edit.node_types import ARGUMENTS, IMPORTS
from leanwide.features.next_edit.occurrences import Role, in_text, occurrence_at
from leanwide.features.next_edit.proposal import Proposal
from leanwide.features.next_edit.rewrite_matches import Place, pieces, places
from leanwide.features.next_edit.rewrites import Example, Rewrite
from leanwide.features.next_edit.tokenized import TokenizedDocument
from leanwide.features.next_edit.tokens import (
    CodeToken,
    are_similar,
    is_name,
    is_string,
    likeness,
    texts,
)
from leanwide.syntax import Span

_MIN_NAME: Final = 3
"""Characters of a name that tells code apart."""
_MAX_PLACES: Final = 40
"""Places of a rewrite that are looked at."""
_COMMENTS: Final = ("#", "//", "/*", "--", "<!--")
"""What begins a comment."""
_MOST_PASSED: Final = 3
"""Examples for each like place that the user passed."""
_CONTEXT: Final = 2
"""Tokens on either side that are compared."""
_BINDING: Final = frozenset({Role.PARAMETER, Role.VARIABLE, Role.DEFINITION, Role.IMPORTED})


def repeated(document: TokenizedDocument, seen: Evidence) -> Iterator[Proposal]:
    """Yield the places below the user's work where a rewrite fits.

    None where the user passed such places and left them as they are.
    """
    if seen.count == 1 and len(seen.rewrite.parts) == 1:
        return
    if not _is_distinctive(seen.rewrite) or _is_elsewhere_decided(document, seen):
        return
    fitting = list(_fitting(document, seen))
    passed = sum(line in seen.worked for line, _ in fitting)
    if passed * _MOST_PASSED <= seen.count:
        for line, where in fitting:
            if line >= seen.worked.stop and _is_enough(seen, document.tokens(line), where):
                yield _proposal(document, seen, line, where, certain=seen.count > 1)


def joining(
    document: TokenizedDocument, seen: Evidence, lines: Iterable[int]
) -> Iterator[Proposal]:
    """Yield where a rewrite fits on lines that change anyway: there less speaks for it."""
    if (
        not _is_distinctive(seen.rewrite)
        or not _may_join(seen)
        or _is_elsewhere_decided(document, seen)
    ):
        return
    for line in lines:
        tokens = document.tokens(line)
        for where in places(seen.rewrite, tokens):
            if _has_role(document, seen, tokens[where[0][0]].span):
                yield _proposal(document, seen, line, where, certain=False)


def _proposal(
    document: TokenizedDocument,
    seen: Evidence,
    line: int,
    where: Sequence[Place],
    *,
    certain: bool,
) -> Proposal:
    tokens = document.tokens(line)
    old = "…".join(" ".join(part.old) for part in seen.rewrite.parts)
    new = "…".join(part.text.strip() for part in seen.rewrite.parts)
    return Proposal(
        line=line,
        pieces=pieces(seen.rewrite, tokens, where, document.tree.lines[line]),
        kind=_kind(document, tokens[where[0][0]].span),
        reason=f"`{old}` became `{new}`" if new.strip("…") else f"`{old}` was removed",
        certain=certain,
    )


def _fitting(
    document: TokenizedDocument, seen: Evidence
) -> Iterator[tuple[int, tuple[Place, ...]]]:
    """Yield the lines from the first example on where a rewrite fits, and its parts there."""
    probe = max(seen.rewrite.old, key=len)
    lines = (line for line in document.lines_with(probe) if line >= seen.worked.start)
    for line in islice(lines, _MAX_PLACES):
        tokens = document.tokens(line)
        for where in places(seen.rewrite, tokens):
            if _has_role(document, seen, tokens[where[0][0]].span):
                yield line, where


def _is_elsewhere_decided(document: TokenizedDocument, seen: Evidence) -> bool:
    """Whether a name was replaced in prose, or where it is bound: its scope tells what follows."""
    if _is_in_prose(document, seen.examples[0]):
        return True
    return seen.rewrite.name is not None and any(
        _role_after(document, example) in _BINDING for example in seen.examples
    )


def _is_in_prose(document: TokenizedDocument, example: Example) -> bool:
    """Whether an example stands inside a comment or a string."""
    here, first = example.new_span, example.rewrite.old[0]
    if here is None or first.startswith(_COMMENTS) or is_string(first):
        return False
    return in_text(document.tree, document.tree.around(here.start, here.end))


def _role_after(document: TokenizedDocument, example: Example) -> Role | None:
    """Return the role of the first new token; None where it is no name, or elsewhere."""
    here = example.first_new
    place = occurrence_at(document.tree, here) if here is not None else None
    return place.role if place else None


def _is_distinctive(rewrite: Rewrite) -> bool:
    """Whether its old tokens tell code apart: a long name or a string, and no single keyword."""
    old = rewrite.old
    if not all(part.old for part in rewrite.parts):
        return False
    return any(is_string(one) or (is_name(one) and len(one) >= _MIN_NAME) for one in old)


def _may_join(seen: Evidence) -> bool:
    """Whether a rewrite is made on a line that changes anyway."""
    if seen.count > 1 or len(seen.rewrite.parts) > 1 or len(seen.rewrite.old) > 1:
        return True
    return seen.rewrite.name is not None and are_similar(*seen.rewrite.name)


def _is_enough(seen: Evidence, tokens: Sequence[CodeToken], where: Sequence[Place]) -> bool:
    """Whether a place is so much like the examples that nothing else has to speak for it."""
    rewrite, example = seen.rewrite, seen.examples[0]
    change = example.change
    if len(rewrite.parts) > 1:
        return True
    context = _context(example, tokens, where)
    line = likeness(change.before, tokens) if change.is_pair else 0.0
    (part,) = rewrite.parts
    if is_string(part.old[0]):
        return True
    if rewrite.name is not None:
        likely = line >= 0.5 or context >= 3 or seen.count >= 3
        return likely and (context >= 4 or are_similar(*rewrite.name))
    if not part.new and not part.old[0].startswith(_COMMENTS):
        return context >= 3 and line >= 0.9
    return len(part.old) > 1 and (context >= 3 or line >= 0.3)


def _has_role(document: TokenizedDocument, seen: Evidence, here: Span) -> bool:
    """Whether what stands at a place is of the kind that the example replaced."""
    tree = document.tree
    around = tree.around(here.start, here.end)
    if not around:
        return False
    if seen.rewrite.old[0].startswith(_COMMENTS):
        return any(node.type in tree.language.comments for node in around[:2])
    is_whole_string = is_string(tree.text(here)) and any(
        node.type in tree.language.strings and tree.span_of(node) == here for node in around[:3]
    )
    if in_text(tree, around) and not is_whole_string:
        return False
    place = occurrence_at(tree, here)
    if len(seen.rewrite.old) == 1 and place is None and not is_whole_string:
        return False
    return (
        place is None
        or place.role not in _BINDING
        or place.role is _role_after(document, seen.examples[0])
    )


def _context(example: Example, tokens: Sequence[CodeToken], where: Sequence[Place]) -> int:
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
