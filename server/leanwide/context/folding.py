"""A passage in as many tokens as there is room for: bodies fold before lines are cut."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from attrs import frozen

from leanwide.context.passage import Passage
from leanwide.context.view import View, with_lf
from leanwide.context.window import Count
from leanwide.syntax import SyntaxTree, definitions

_LONGEST_LINE = 500
"""Characters of a line that are shown: longer ones are data."""
_BLANKS = 20
"""Blank lines behind which the text is not looked for whose indentation a mark takes."""


@frozen
class Folded:
    """Text of a passage."""

    text: str
    whole: bool
    """Nothing of the passage is left out."""


@frozen
class _FoldablePart:
    first: int
    last: int
    whole: bool
    """All of its lines or none; otherwise as many as fit."""


def shown(view: View, line: int) -> str:
    """A line as a prompt shows it, with an LF ending."""
    text = with_lf(view.lines[line]).rstrip("\n")
    return f"{text if len(text) <= _LONGEST_LINE else f'{text[:_LONGEST_LINE]} …'}\n"


def fold(view: View, passage: Passage, tree: SyntaxTree | None, room: int, count: Count) -> Folded:
    """Give the passage in at most ``room`` tokens; "" where not even a line fits."""
    lines = [shown(view, line) for line in range(passage.first, passage.last)]
    cut = any(len(line) > _LONGEST_LINE + 1 for line in lines)
    if sum(map(count, lines)) <= room:
        return Folded("".join(lines), whole=not cut)
    mark = _fold_mark(tree)
    kept = _keep(view, list(_parts(passage, tree)), mark, room, count)
    return Folded(_render(view, passage, kept, mark), whole=False)


def texts_to_count(view: View, passage: Passage, tree: SyntaxTree | None) -> Iterator[str]:
    """The texts whose tokens :func:`fold` asks for, some of them again and again."""
    mark = _fold_mark(tree)
    for line in range(passage.first, passage.last):
        yield shown(view, line)
        yield _marked(view, line, mark)


def _fold_mark(tree: SyntaxTree | None) -> str:
    """What stands for lines that are left out."""
    if tree is None or tree.language.indented:
        return "..."
    return f"{tree.language.comment} ...".lstrip()


def _parts(passage: Passage, tree: SyntaxTree | None) -> Iterator[_FoldablePart]:
    """What of the passage is worth its tokens, the best first: heads, then bodies, then lines."""
    inside = [
        one
        for one in (definitions(tree) if tree is not None else ())
        if passage.first <= one.start.line < passage.last
    ]
    for one in sorted(inside, key=attrgetter("level")):
        yield _FoldablePart(
            one.start.line, min(one.signature_end.line + 1, passage.last), whole=True
        )
    holders = {id(one.parent) for one in inside}
    for one in inside:
        if id(one) not in holders:
            yield _FoldablePart(one.start.line, min(one.end.line + 1, passage.last), whole=True)
    yield _FoldablePart(passage.first, passage.last, whole=False)


def _keep(view: View, parts: list[_FoldablePart], mark: str, room: int, count: Count) -> set[int]:
    """The numbers of the lines that fit, each part with the mark that may follow it."""
    kept: set[int] = set()
    room -= count(_marked(view, parts[-1].first, mark))
    for part in parts:
        new = [line for line in range(part.first, part.last) if line not in kept]
        after = count(_marked(view, part.last, mark))
        if part.whole:
            cost = sum(count(shown(view, line)) for line in new) + after
            if new and cost <= room:
                kept.update(new)
                room -= cost
            continue
        for line in new:
            room -= count(shown(view, line))
            if room < count(_marked(view, line + 1, mark)):
                break
            kept.add(line)
    return kept


def _render(view: View, passage: Passage, kept: set[int], mark: str) -> str:
    """The kept lines; blank lines that were left out stay blank, other gaps get a mark."""
    if not kept:
        return ""
    text: list[str] = []
    lines = range(passage.first, passage.last)
    for is_kept, run in groupby(lines, kept.__contains__):
        numbers = list(run)
        if is_kept:
            text += [shown(view, line) for line in numbers]
        elif any(view.lines[line].strip() for line in numbers):
            text.append(_marked(view, numbers[0], mark))
        else:
            text.append("\n")
    return "".join(text)


def _marked(view: View, line: int, mark: str) -> str:
    """The mark, indented like the first text that it stands for."""
    lines = view.lines[line : line + _BLANKS]
    text = next((one for one in lines if one.strip()), "")
    indentation = text[: len(text) - len(text.lstrip(" \t"))][:40]
    return f"{indentation}{mark}\n"
