"""Insert: code written on a blank line as an instruction says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from attrs import frozen

from leanwide.context.folding import prompt_line
from leanwide.context.passage import Passage
from leanwide.context.prose import is_prose
from leanwide.context.surroundings import helpful_runs, run_lines
from leanwide.context.view import View
from leanwide.features.ask.selection import ResolvedSelection
from leanwide.features.edit.assignment import Assignment
from leanwide.features.edit.change import FileEdit, Mistake, check_syntax
from leanwide.features.edit.prose_guard import fence_around
from leanwide.features.edit.rewrite import indented, level_of
from leanwide.features.exclusion import exclusion_reason
from leanwide.features.refusal import Refusal
from leanwide.features.session import Session
from leanwide.postprocess.indent import Indentation
from leanwide.postprocess.insertion import insertion, margin_at
from leanwide.postprocess.overlap import overlap
from leanwide.postprocess.pieces import without_blank_ends
from leanwide.prompt.editing import insert_question
from leanwide.syntax import content, definitions, split

_ABOVE: Final = 40
"""Lines above the place that the question shows, at most."""
_BELOW: Final = 20
"""Lines below the place that the question shows, at most."""
_CHARACTERS: Final = 4_000
"""Characters on either side that the question shows, at most."""
_ANSWER_TOKENS: Final = 192
"""Tokens for a function of usual length."""


@frozen(kw_only=True)
class _InsertionPlace:
    """A blank line, or the end of a document, and what the question shows around it."""

    resolved: ResolvedSelection
    """Its passage holds the lines that are shown."""
    line: int
    margin: str
    mark: str
    """What stands on the line in the question."""

    @property
    def above(self) -> tuple[str, ...]:
        """The shown lines above, without endings."""
        return tuple(
            map(content, self.resolved.view.lines[self.resolved.passage.first : self.line])
        )

    @property
    def below(self) -> tuple[str, ...]:
        """The shown lines below, without endings."""
        rest = self.resolved.view.lines[self.line + 1 : self.resolved.passage.last]
        return tuple(map(content, rest))

    def heads(self) -> frozenset[str]:
        """Return the first lines of the definitions that begin above the place, stripped."""
        view, tree, first = self.resolved.view, self.resolved.tree, self.resolved.passage.first
        around = run_lines(view, helpful_runs(self.resolved.passage, tree))
        inside = definitions(tree) if tree is not None else ()
        starts = (found.start.line for found in inside)
        own = (view.lines[row] for row in starts if first <= row < self.line)
        return frozenset(line.strip() for line in (*around, *own))

    def shown(self) -> Iterator[str]:
        """Yield the lines of the question's code, with LF endings."""
        view, passage = self.resolved.view, self.resolved.passage
        yield from (prompt_line(view, line) for line in range(passage.first, self.line))
        yield f"{self.margin}{self.mark}\n"
        yield from (prompt_line(view, line) for line in range(self.line + 1, passage.last))


async def insertion_at(view: View, instruction: str, session: Session) -> Assignment:
    """Return what is wanted from the model on a blank line.

    Raises:
        Refusal: The document is excluded.
    """
    if reason := await exclusion_reason(view, session.names):
        raise Refusal(f"{reason}.")
    tree = await session.trees.whole(view)
    language = tree.language if tree is not None else None
    resolved = ResolvedSelection(view=view, tree=tree, passage=_shown_around(view))
    comment = f"{language.comment} " if language is not None else ""
    place = _InsertionPlace(
        resolved=resolved,
        line=view.line,
        margin=margin_at(view.lines, view.line, language),
        mark=f"{comment}<HERE>",
    )
    return Assignment(
        resolved=resolved,
        code=tuple(place.shown()),
        question=partial(insert_question, instruction=instruction, mark=place.mark),
        change=partial(_inserted, place),
        fence=fence_around(resolved),
        answer_tokens=lambda _: _ANSWER_TOKENS,
        max_code_tokens=lambda budget: budget.context_tokens,
    )


def _shown_around(view: View) -> Passage:
    """Return the lines around the cursor that the question shows."""
    above = view.lines[max(0, view.line - _ABOVE) : view.line]
    below = view.lines[view.line + 1 : view.line + 1 + _BELOW]
    first = view.line - _fitting(above[::-1])
    return Passage(first=first, last=min(view.line + 1 + _fitting(below), len(view.lines)))


def _fitting(lines: Sequence[str]) -> int:
    """Return how many of the first lines are shown."""
    left = _CHARACTERS
    for count, line in enumerate(lines):
        left -= len(line)
        if left < 0:
            return count
    return len(lines)


def _inserted(place: _InsertionPlace, code: str) -> FileEdit:
    """Return the change that puts the model's code in its place.

    Lines around the place that the model repeats are left out.

    Raises:
        Mistake: The file would have more syntax errors than before.
        Refusal: Nothing is left of the code.
    """
    resolved, view = place.resolved, place.resolved.view
    rows = [row for row in map(content, split(code)) if row.strip() != place.mark]
    if next((row.strip() for row in rows if row.strip()), "") in place.heads():
        rows = _between(rows, place.above, place.below)
    rows = _without_repeated(rows, place.above, place.below)
    if not is_prose(view):
        wanted = Indentation(place.margin, level_of(view.lines, resolved.language))
        rows = indented("\n".join(rows), wanted, resolved.language)
    if not any(map(str.strip, rows)):
        raise Refusal("The model would add nothing.")
    edits = (insertion(view.lines, place.line, rows, view.newline, resolved.language),)
    check_syntax(resolved.language, view.lines, edits)
    return FileEdit(uri=view.uri, version=view.version, lines=view.lines, edits=edits)


def _between(rows: Sequence[str], above: Sequence[str], below: Sequence[str]) -> list[str]:
    """Return what stands at the place in an answer that repeats the code around it.

    Raises:
        Mistake: The line above the place is not in it.
    """
    last = next((row for row in reversed(above) if row.strip()), "")
    first = next((row for row in below if row.strip()), None)
    starts = [at for at, row in enumerate(rows) if row.rstrip() == last.rstrip()]
    if not starts:
        raise Mistake("It repeats lines that stand above the place: only new lines are wanted.")
    rest = rows[starts[-1] + 1 :]
    end = next((at for at, row in enumerate(rest) if row == first), len(rest))
    return list(rest[:end])


def _without_repeated(rows: Sequence[str], above: Sequence[str], below: Sequence[str]) -> list[str]:
    """Return an answer without what it repeats of the lines above, and of those below, the place.

    A closing bracket alone is not taken for a repetition.
    """
    head = overlap(above, rows)
    rest = rows[head:] if _has_words(rows[:head]) else rows
    kept = len(rest) - overlap(rest, below)
    return without_blank_ends(rest[:kept] if _has_words(rest[kept:]) else rest)


def _has_words(rows: Sequence[str]) -> bool:
    return any(character.isalnum() for row in rows for character in row)
