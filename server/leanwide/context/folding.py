"""Fits a passage into a number of tokens: bodies are folded before lines are cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Final

from attrs import frozen

from leanwide.context.passage import Passage
from leanwide.context.view import View, with_lf
from leanwide.context.window import Count
from leanwide.syntax import SyntaxTree, definitions

_MAX_LINE: Final = 500
"""Characters shown of a line: longer lines are data."""
_MAX_BLANKS: Final = 20
"""Lines that are searched for the text whose indentation a mark takes."""
_MAX_INDENTATION: Final = 40
"""Characters of indentation before a mark."""


@frozen
class Folded:
    """The text of a passage."""

    text: str
    whole: bool
    """Whether nothing of the passage is left out."""
    rows: frozenset[int]
    """The document's lines in it that are not cut."""


@frozen
class _FoldablePart:
    first: int
    last: int
    whole: bool
    """Whether all of its lines are kept or none; otherwise as many as fit."""


def prompt_line(view: View, line: int) -> str:
    """Return a line as a prompt shows it, cut at 500 characters, with an LF ending."""
    text = with_lf(view.lines[line]).rstrip("\n")
    return f"{text if len(text) <= _MAX_LINE else f'{text[:_MAX_LINE]} …'}\n"


def fold(
    view: View,
    passage: Passage,
    tree: SyntaxTree | None,
    room: int,
    count: Count,
    wanted: Iterable[Passage] = (),
) -> Folded:
    """Return the passage in at most ``room`` tokens; its text is "" where not one line fits.

    Of what is in ``wanted``, each is shown whole before everything else, as far as it fits.
    """
    rows = range(passage.first, passage.last)
    lines = [prompt_line(view, line) for line in rows]
    uncut = frozenset(row for row in rows if len(lines[row - rows.start]) <= _MAX_LINE + 1)
    if sum(map(count, lines)) <= room:
        return Folded("".join(lines), len(uncut) == len(lines), uncut)
    mark = _fold_mark(tree)
    first = [_FoldablePart(one.first, one.last, whole=True) for one in wanted]
    kept = _lines_that_fit(view, [*first, *_parts(passage, tree)], mark, room, count)
    return Folded(_render(view, passage, kept, mark), whole=False, rows=uncut & kept)


def texts_to_count(view: View, passage: Passage, tree: SyntaxTree | None) -> Iterator[str]:
    """Yield the texts whose tokens :func:`fold` counts, some of them repeatedly."""
    mark = _fold_mark(tree)
    for line in range(passage.first, passage.last):
        yield prompt_line(view, line)
        yield _marked(view, line, mark)


def _fold_mark(tree: SyntaxTree | None) -> str:
    """Return the text that replaces lines that are left out."""
    if tree is None or tree.language.blocks == "indent":
        return "..."
    return f"{tree.language.comment} ...".lstrip()


def _parts(passage: Passage, tree: SyntaxTree | None) -> Iterator[_FoldablePart]:
    """Yield the parts of the passage, the most useful first: heads, then bodies, then lines."""
    inside = [
        definition
        for definition in (definitions(tree) if tree is not None else ())
        if passage.first <= definition.start.line < passage.last
    ]
    for definition in sorted(inside, key=attrgetter("level")):
        end = min(definition.signature_end.line + 1, passage.last)
        yield _FoldablePart(definition.start.line, end, whole=True)
    parents = {id(definition.parent) for definition in inside}
    for definition in inside:
        if id(definition) not in parents:
            end = min(definition.end.line + 1, passage.last)
            yield _FoldablePart(definition.start.line, end, whole=True)
    yield _FoldablePart(passage.first, passage.last, whole=False)


def _lines_that_fit(
    view: View, parts: list[_FoldablePart], mark: str, room: int, count: Count
) -> set[int]:
    """Return the numbers of the lines that fit, with the mark that may follow each part."""
    kept: set[int] = set()
    room -= count(_marked(view, parts[-1].first, mark))
    for part in parts:
        new = [line for line in range(part.first, part.last) if line not in kept]
        after = count(_marked(view, part.last, mark))
        if part.whole:
            cost = sum(count(prompt_line(view, line)) for line in new) + after
            if new and cost <= room:
                kept.update(new)
                room -= cost
            continue
        for line in new:
            room -= count(prompt_line(view, line))
            if room < count(_marked(view, line + 1, mark)):
                break
            kept.add(line)
    return kept


def _render(view: View, passage: Passage, kept: set[int], mark: str) -> str:
    """Return the kept lines; a gap of blank lines becomes one blank line, other gaps a mark."""
    if not kept:
        return ""
    text: list[str] = []
    lines = range(passage.first, passage.last)
    for is_kept, run in groupby(lines, kept.__contains__):
        numbers = list(run)
        if is_kept:
            text += [prompt_line(view, line) for line in numbers]
        elif any(view.lines[line].strip() for line in numbers):
            text.append(_marked(view, numbers[0], mark))
        else:
            text.append("\n")
    return "".join(text)


def _marked(view: View, line: int, mark: str) -> str:
    """Return the mark, indented like the first text that it replaces."""
    lines = view.lines[line : line + _MAX_BLANKS]
    first = next((text for text in lines if text.strip()), "")
    indentation = first[: len(first) - len(first.lstrip(" \t"))][:_MAX_INDENTATION]
    return f"{indentation}{mark}\n"
