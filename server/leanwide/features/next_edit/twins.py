"""A line that changed among lines like it: the next one follows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from leanwide.features.next_edit.candidate import CandidateKind
from leanwide.features.next_edit.changed_lines import ChangedLine, Run
from leanwide.features.next_edit.occurrences import in_text
from leanwide.features.next_edit.proposal import LinePiece, Proposal
from leanwide.features.next_edit.rewrites import blank_to_blank
from leanwide.features.next_edit.source import Source
from leanwide.features.next_edit.tokenized import TokenizedDocument
from leanwide.features.next_edit.tokens import CodeToken, is_name, is_string, texts
from leanwide.syntax import content

_MAX_TWINS: Final = 20
"""Lines like the changed one."""
_MAX_TOKENS: Final = 60
_MAX_EXAMPLES: Final = 4
"""Changed lines, the newest first, for which a second one is searched."""
_MIN_NAME: Final = 3
"""Characters of a name that tells code apart."""
_MIN_FIXED: Final = 5
"""Tokens in common that do so whatever they are, where one is a name."""


def twins(document: TokenizedDocument, source: Source) -> Iterator[Proposal]:
    """Yield the lines directly below a changed line whose own names change as its names did.

    After ``self._width = width`` that is ``self.height = height``.
    """
    changes = [change for change in source.changes if _may_have_twins(change)]
    if source.line is None or not changes:
        return
    change = changes[-1]
    line = source.line + change.after[0].line
    margin = _margin(document, line)
    for number in range(line + 1, min(line + 1 + _MAX_TWINS, len(document.tree.lines))):
        tokens = document.tokens(number)
        if _margin(document, number) != margin or not _is_like(change.before, tokens):
            return
        if _differs_in_all_runs(change, tokens):
            yield from _twin(document, change, tokens, certain=False)


def alike(document: TokenizedDocument, found: Sequence[Source]) -> Iterator[Proposal]:
    """Yield the lines below that have in common what two lines had that changed in one way."""
    changes = [one for source in found for one in source.changes if _may_have_twins(one)]
    done = [source.lines for source in found if source.line is not None]
    for newest in changes[:_MAX_EXAMPLES]:
        second = next((one for one in changes if one is not newest and _agree(newest, one)), None)
        if second is not None and done:
            yield from _with_template(document, done, newest, second)


def _may_have_twins(change: ChangedLine) -> bool:
    return change.is_pair and 2 < len(change.before) <= _MAX_TOKENS and bool(change.after)


def _agree(one: ChangedLine, other: ChangedLine) -> bool:
    """Whether one line changed as the other did."""
    if not _is_like(one.before, other.before) or one.runs != other.runs:
        return False
    renamed = _renamed(one.before, other.before)
    return all(
        _carried_over(one, run, texts(other.before[run[0] : run[1]]), renamed)
        == texts(other.after[run[2] : run[3]])
        for run in one.runs
    )


def _with_template(
    document: TokenizedDocument,
    done: Sequence[range],
    newest: ChangedLine,
    second: ChangedLine,
) -> Iterator[Proposal]:
    """Yield the lines that have what two changed lines have in common.

    None where the user passed such a line between the lines that are ``done``.
    """
    pairs = zip(texts(newest.before), texts(second.before), strict=True)
    fixed = {at: word for at, (word, other) in enumerate(pairs) if word == other}
    if not _is_distinctive(fixed.values()):
        return
    first, last = min(one.start for one in done), max(one.stop for one in done)
    for number in document.lines_with(max(fixed.values(), key=len)):
        if number < first or any(number in one for one in done):
            continue
        tokens = document.tokens(number)
        if _is_like(newest.before, tokens) and all(tokens[at].text == fixed[at] for at in fixed):
            if number < last:
                return
            yield from _twin(document, newest, tokens, certain=True)


def _is_distinctive(words: Collection[str]) -> bool:
    names = [word for word in words if is_name(word)]
    return bool(names) and (len(words) >= _MIN_FIXED or max(map(len, names)) >= _MIN_NAME)


def _twin(
    document: TokenizedDocument, change: ChangedLine, tokens: Sequence[CodeToken], *, certain: bool
) -> Iterator[Proposal]:
    if in_text(document.tree, document.tree.around(tokens[0].span.start, tokens[0].span.end)):
        return
    pieces = _pieces(change, tokens)
    if pieces:
        yield Proposal(
            line=tokens[0].line,
            pieces=pieces,
            kind=CandidateKind.TWIN,
            certain=certain,
            reason="a line like it changed in the same way",
        )


def _differs_in_all_runs(change: ChangedLine, tokens: Sequence[CodeToken]) -> bool:
    """Whether each run replaces strings, or names that stand elsewhere on their line, too."""
    before, others = texts(change.before), texts(tokens)
    return all(
        first < last
        and all(
            before[at] != others[at]
            and (is_string(before[at]) or (before.count(before[at]) > 1 < others.count(others[at])))
            for at in range(first, last)
        )
        for first, last, _, _ in change.runs
    )


def _margin(document: TokenizedDocument, line: int) -> str:
    text = content(document.tree.lines[line])
    return text[: len(text) - len(text.lstrip())]


def _is_like(tokens: Sequence[CodeToken], others: Sequence[CodeToken]) -> bool:
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


def _pieces(change: ChangedLine, tokens: Sequence[CodeToken]) -> tuple[LinePiece, ...]:
    """Return the runs of a changed line in a line like it; empty where one does not carry over."""
    found = []
    others = texts(tokens)
    renamed = _renamed(change.before, tokens)
    for first, last, start, end in change.runs:
        place = blank_to_blank(tokens, first, last)
        new = blank_to_blank(change.after, start, end)
        if place is None or new is None:
            return ()
        text = _carried_over(change, (first, last, start, end), others[first:last], renamed)
        if text is None:
            return ()
        spelt = _spelt(change.text, change.after[start:end], text, new[1], new[2])
        found.append(LinePiece(place[1], place[2], spelt))
    return tuple(found)


def _renamed(tokens: Sequence[CodeToken], others: Sequence[CodeToken]) -> dict[str, str]:
    """Return the words of a line that differ, with those of the other line."""
    pairs = zip(texts(tokens), texts(others), strict=True)
    return {one: other for one, other in pairs if one != other}


def _spelt(
    line: str, tokens: Sequence[CodeToken], words: Sequence[str], start: int, end: int
) -> str:
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
