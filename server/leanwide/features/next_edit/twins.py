"""A line that changed among lines like it: the next one follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from leanwide.features.next_edit.candidate import CandidateKind
from leanwide.features.next_edit.proposal import Piece, Proposal
from leanwide.features.next_edit.rewrites import blank_to_blank
from leanwide.features.next_edit.changed_lines import ChangedLine, Run
from leanwide.features.next_edit.tokenized import TokenizedDocument
from leanwide.features.next_edit.tokens import Token, is_name, is_string, texts
from leanwide.syntax import content

_MAX_TWINS: Final = 20
"""Lines like the changed one."""
_MAX_TOKENS: Final = 60


def twins(document: TokenizedDocument, change: ChangedLine) -> Iterator[Proposal]:
    """Yield the lines directly below a changed line that are like it, changed in the same way."""
    if not change.is_pair or not 2 < len(change.before) <= _MAX_TOKENS or not change.after:
        return
    line = change.after[0].line
    margin = _margin(document, line)
    for number in range(line + 1, min(line + 1 + _MAX_TWINS, len(document.tree.lines))):
        tokens = document.tokens(number)
        if _margin(document, number) != margin or not _is_like(change.before, tokens):
            return
        pieces = _pieces(document, change, tokens)
        if pieces:
            yield Proposal(
                line=number,
                pieces=pieces,
                kind=CandidateKind.TWIN,
                reason="the line above changed in the same way",
            )


def _margin(document: TokenizedDocument, line: int) -> str:
    text = content(document.tree.lines[line])
    return text[: len(text) - len(text.lstrip())]


def _is_like(tokens: Sequence[Token], others: Sequence[Token]) -> bool:
    """Whether two lines differ in names, strings and numbers only."""
    return len(tokens) == len(others) and all(
        one.text == other.text or _kind(one.text) == _kind(other.text) != "operator"
        for one, other in zip(tokens, others, strict=True)
    )


def _kind(text: str) -> str:
    if is_name(text):
        return "name"
    if is_string(text):
        return "string"
    return "number" if text[0].isdigit() else "operator"


def _pieces(
    document: TokenizedDocument, change: ChangedLine, tokens: Sequence[Token]
) -> tuple[Piece, ...]:
    """Return the runs of a changed line in a line like it; empty where one does not carry over."""
    found = []
    before, others = texts(change.before), texts(tokens)
    renamed = {one: other for one, other in zip(before, others, strict=True) if one != other}
    for first, last, start, end in change.runs:
        place = blank_to_blank(tokens, first, last)
        new = blank_to_blank(change.after, start, end)
        if place is None or new is None:
            return ()
        text = _carried_over(
            change, (first, last, start, end), others[first:last], renamed
        )
        if text is None:
            return ()
        line = document.tree.lines[change.after[0].line]
        spelt = _spelt(line, change.after[start:end], text, new[1], new[2])
        found.append(Piece(place[1], place[2], spelt))
    return tuple(found)


def _spelt(line: str, tokens: Sequence[Token], words: Sequence[str], start: int, end: int) -> str:
    """Return words with the blanks that stand around the tokens of a line."""
    parts, at = [], start
    for token, word in zip(tokens, words, strict=True):
        parts += [line[at : token.column], word]
        at = token.end
    return "".join((*parts, line[at:end]))


def _carried_over(
    change: ChangedLine,
    run: Run,
    others: tuple[str, ...],
    renamed: dict[str, str],
) -> tuple[str, ...] | None:
    """Return the new tokens of a run for a line with other old tokens; None if it does not say."""
    first, last, start, end = run
    old, new = texts(change.before[first:last]), texts(change.after[start:end])
    if old == others:
        return tuple(renamed.get(word, word) for word in new)
    if len(old) != len(new):
        return None
    found = []
    for before, after, other in zip(old, new, others, strict=True):
        word = after if before == other else transformed(before, after, other)
        if word is None:
            return None
        found.append(word)
    return tuple(found)


def transformed(before: str, after: str, other: str) -> str | None:
    """Return ``other`` changed as ``before`` was: text in front, behind, or other quotes."""
    if is_string(before) and is_string(after) and before[1:-1] == after[1:-1]:
        inner = other[1:-1]
        return None if after[0] in inner or "\\" in inner else f"{after[0]}{inner}{after[0]}"
    if len(before) > 1 and is_name(before) and before in after:
        head, _, tail = after.partition(before)
        return f"{head}{other}{tail}"
    if len(after) > 1 and is_name(after) and after in before:
        head, _, tail = before.partition(after)
        if other.startswith(head) and other.endswith(tail) and len(other) > len(head) + len(tail):
            return other[len(head) : len(other) - len(tail)]
    return None
