"""Judges a proposed edit by what the author did at that place."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from difflib import SequenceMatcher

from leanwide.postprocess.splice import applied
from leanwide.syntax import Edit, difference, error_count, parse
from leanwide_bench.next_edit.cases import NextEditCase, ParsedText
from leanwide_bench.next_edit.following import tokens
from leanwide_bench.next_edit.hunks import Hunk, with_hunks


class ProposalOutcome(enum.StrEnum):
    """What a proposed edit is."""

    EXACT = "exact"
    """The lines that it changes are then the author's."""
    PART = "part"
    """It changes lines that the author changed, and brings them nearer to the author's."""
    OTHER_TEXT = "other text"
    """It changes lines that the author changed, into something else."""
    WRONG_PLACE = "wrong place"
    """It changes lines that the author left as they are, or nothing."""


def judge(case: NextEditCase, uri: str, edit: Edit) -> ProposalOutcome:
    """Return what a proposed edit of the document with a URI is, by the author's text."""
    if uri != case.target.document.uri:
        return ProposalOutcome.WRONG_PLACE
    lines = case.target.document.lines
    change = changed_lines(lines, edit)
    places = [hunk for hunk in case.remaining if hunk.meets(change.first, change.last)]
    if not places or change.before == change.after:
        return ProposalOutcome.WRONG_PLACE
    first = min(change.first, places[0].first)
    last = max(change.last, places[-1].last)
    before = lines[first:last]
    author = with_hunks(before, [hunk.moved(-first) for hunk in places])
    inner = change.moved(-first)
    if _is_exact(inner, before, author):
        return ProposalOutcome.EXACT
    nearer = _distance(with_hunks(before, [inner]), author) < _distance(before, author)
    return ProposalOutcome.PART if nearer else ProposalOutcome.OTHER_TEXT


def parses_worse(text: ParsedText, edit: Edit) -> bool:
    """Whether a document has more syntax errors after an edit."""
    lines = applied(text.document.lines, (edit,))
    return error_count(parse(text.tree.language, lines)) > error_count(text.tree)


def changed_lines(lines: Sequence[str], edit: Edit) -> Hunk:
    """Return the lines that an edit changes."""
    splice = difference(list(lines), applied(lines, (edit,)))
    before = tuple(lines[splice.first : splice.last])
    return Hunk(splice.first, splice.last, before, tuple(splice.lines))


def _is_exact(change: Hunk, before: Sequence[str], author: Sequence[str]) -> bool:
    """Whether the lines of a change are the author's, of the lines around it.

    Where the author changed the number of lines too, they stand anywhere among the author's.
    """
    if not change.after:
        return all(author.count(line) < before.count(line) for line in change.before)
    if len(author) == len(before) and not change.growth:
        return tuple(author[change.first : change.last]) == change.after
    size = len(change.after)
    places = range(len(author) - size + 1)
    return any(tuple(author[at : at + size]) == change.after for at in places)


def _distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the number of tokens that two texts do not share."""
    first, second = tokens(one), tokens(other)
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    shared = sum(match.size for match in matcher.get_matching_blocks())
    return len(first) + len(second) - 2 * shared
