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
from leanwide.features.edit.change import FileEdit, Mistake
from leanwide.features.edit.fence import fence_around
from leanwide.features.edit.rewrite import indented, level_of
from leanwide.features.edit.syntax_guard import check_syntax
from leanwide.features.exclusion import exclusion_reason
from leanwide.features.refusal import Refusal
from leanwide.features.session import Session
from leanwide.postprocess.elision import left_out
from leanwide.postprocess.header import header_rows
from leanwide.postprocess.importing import import_line, lacking, with_imports
from leanwide.postprocess.indent import Indentation
from leanwide.postprocess.insertion import (
    blanks_around_code,
    blanks_around_prose,
    insertion,
    margin_at,
)
from leanwide.postprocess.new_lines import SurroundingLines
from leanwide.prompt.editing import insert_question
from leanwide.syntax import (
    Definition,
    Language,
    content,
    definitions,
    enclosing,
    parse,
    split,
)

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

    def around(self, left_out: frozenset[int]) -> SurroundingLines:
        """Return the shown lines around the place, without some rows of the document."""
        view, language = self.resolved.view, self.resolved.language
        first, last = self.resolved.passage.first, self.resolved.passage.last
        above, below = (
            tuple(content(view.lines[row]) for row in rows if row not in left_out)
            for rows in (range(first, self.line), range(self.line + 1, last))
        )
        return SurroundingLines(
            above=above,
            below=below,
            heads=self._heads(),
            margin=len(self.margin),
            comment=language.comment if language is not None else "",
        )

    def _heads(self) -> frozenset[str]:
        """Return the lines of the heads of definitions around the place, stripped."""
        view, tree = self.resolved.view, self.resolved.tree
        if tree is None or not tree.language.containers:
            return frozenset()
        margin, language = len(self.margin), tree.language
        rows = {
            row
            for one in enclosing(tree, (self.line, margin))
            if one.start.column < margin or language.blocks != "indent"
            for row in range(one.start.line, _head_end(one, language) + 1)
            if row < self.line
        }
        shown = run_lines(view, helpful_runs(self.resolved.passage, tree))
        return frozenset(line.strip() for line in (*shown, *(view.lines[row] for row in rows)))

    def is_repeated(self, rows: Sequence[str]) -> bool:
        """Whether rows begin with the head of a definition that begins above the place."""
        view, tree, first = self.resolved.view, self.resolved.tree, self.resolved.passage.first
        if tree is None or not tree.language.containers:
            return False
        texts = [row.strip() for row in rows]
        heads = (
            [line.strip() for line in view.lines[one.start.line : one.signature_end.line + 1]]
            for one in definitions(tree)
            if first <= one.start.line < self.line
        )
        return any(texts[: len(head)] == head for head in heads)

    def shown(self) -> Iterator[str]:
        """Yield the lines of the question's code, with LF endings."""
        view, passage = self.resolved.view, self.resolved.passage
        yield from (prompt_line(view, line) for line in range(passage.first, self.line))
        yield f"{self.margin}{self.mark}\n"
        yield from (prompt_line(view, line) for line in range(self.line + 1, passage.last))


def _head_end(definition: Definition, language: Language) -> int:
    """Return the last line of a definition's head: with its brace, which may be alone on a line."""
    body = definition.body_start if language.blocks == "braces" else None
    return (body or definition.signature_end).line


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

    Lines around the place that the model repeats are left out; imports go to those of the file.

    Raises:
        Mistake: The file would have more syntax errors than before, lines above the place are
            written again, or an import has no place.
        Refusal: Nothing is left of the code.
    """
    resolved, view = place.resolved, place.resolved.view
    written = [row for row in map(content, split(code)) if row.strip() != place.mark]
    rows, imports, header = _without_header(place, written)
    rows = place.around(header).added(rows)
    if place.is_repeated(rows):
        raise Mistake("It repeats lines that stand above the place: only new lines are wanted.")
    if not rows:
        raise Refusal("The model would add nothing.")
    if gap := left_out(tuple(map(content, view.lines)), rows):
        raise Mistake(f"It leaves text out: write what `{gap}` stands for.")
    if is_prose(view):
        blanks = blanks_around_prose(view.lines, place.line, rows)
    else:
        wanted = Indentation(place.margin, level_of(view.lines, resolved.language))
        rows = indented("\n".join(rows), wanted, resolved.language)
        blanks = blanks_around_code(view.lines, place.line, rows, resolved.language)
    new = insertion(view.lines, place.line, rows, view.newline, blanks)
    edits = with_imports(resolved.tree, (new,), imports, view.newline)
    if edits is None:
        raise Mistake(f"`{imports[0]}` has no place among the imports.")
    check_syntax(resolved.language, view.lines, edits)
    return FileEdit(uri=view.uri, version=view.version, lines=view.lines, edits=edits)


def _without_header(
    place: _InsertionPlace, rows: list[str]
) -> tuple[list[str], tuple[str, ...], frozenset[int]]:
    """Return an answer without imports and package lines, and what the file lacks of its imports.

    Also returns the rows of the document that such an answer does not repeat. Imports stay where
    the answer has nothing else, and at a place among the imports.
    """
    tree = place.resolved.tree
    line = import_line(tree) if tree is not None and tree.language.containers else None
    if tree is None or line is None or line > place.line or not any(map(str.strip, tree.lines)):
        return rows, (), frozenset()
    new = parse(tree.language, [f"{row}\n" for row in rows])
    header = header_rows(tree, new)
    kept = [text for row, text in enumerate(rows) if row not in header]
    if not header or not any(map(str.strip, kept)):
        return rows, (), frozenset()
    return kept, lacking(tree, place.line, new), header_rows(tree, tree)
