"""Document: what is defined gets documentation in its language's convention, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import PurePath
from textwrap import dedent

from attrs import evolve, frozen

from leanwide.features.ask.selection import ResolvedSelection, Selection, first_definition, resolve
from leanwide.features.edit.change import FileEdit, Mistake, Refusal
from leanwide.features.edit.edit import Assignment, EditContext, EditOutcome, edit, no_change
from leanwide.features.edit.rewrite import fitted, with_lines
from leanwide.files.shown import shown
from leanwide.postprocess.indent import Indentation, indentation, reindented
from leanwide.postprocess.splice import applied, replacements
from leanwide.prompt.editing import document_question
from leanwide.syntax import (
    Definition,
    Language,
    SyntaxTree,
    content,
    convention_of,
    definitions_from,
    documentation,
    documentation_in,
    documentation_start,
    documented,
    literal_lines,
    parse,
    split,
)


async def document(place: Selection, desk: EditContext) -> EditOutcome:
    """Document the definition at a place, or what the selected lines define.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    found = await resolve(place, "document", desk.session)
    if isinstance(found, str):
        return no_change(found, desk)
    tree, name = found.tree, PurePath(found.view.path).name
    convention = convention_of(tree.language) if tree is not None else None
    if tree is None or convention is None:
        return no_change(f"How {shown(name)} would be documented is not known.", desk)
    definition = await asyncio.to_thread(first_definition, found)
    if definition is None:
        return no_change("There is nothing to document here: nothing is defined.", desk)
    found = await asyncio.to_thread(_whole, found, tree, definition)
    assignment = Assignment(
        found=found,
        question=partial(document_question, convention=convention.name),
        change=partial(with_documentation, found, tree),
    )
    return await edit(assignment, desk)


def documentable(found: ResolvedSelection) -> bool:
    """Whether something is defined at a place, in a language that documents definitions."""
    if found.tree is None or convention_of(found.tree.language) is None:
        return False
    return first_definition(found) is not None


def _whole(found: ResolvedSelection, tree: SyntaxTree, definition: Definition) -> ResolvedSelection:
    """The passage with its first definition to the end, and with what documents it above."""
    first = documentation_start(tree, found.passage.first)
    last = max(found.passage.last, min(definition.end.line + 1, len(found.view.lines)))
    return evolve(found, passage=evolve(found.passage, first=first, last=last, focus=""))


def with_documentation(found: ResolvedSelection, tree: SyntaxTree, code: str) -> FileEdit:
    """Take the model's lines where they add documentation only, else its documentation alone.

    Raises:
        Mistake: There is no documentation in the answer, or it breaks the file.
        Refusal: There is no place for it, or it stands there already.
    """
    view, first, last = found.view, found.passage.first, found.passage.last
    lines = fitted(found, code)
    edits = replacements(view.lines, (first, last), lines, view.newline)
    after = parse(tree.language, applied(view.lines, edits))
    old, new = _parted(tree, first, last), _parted(after, first, first + len(lines))
    if new.code == old.code and len(new.runs) >= max(1, len(old.runs)):
        return with_lines(found, lines)
    texts = {documented(after, run): lines[run[0] - first : run[1] - first] for run in new.runs}
    return with_lines(found, _with_texts(found, tree, texts, code))


@frozen
class _Parted:
    """Lines, their documentation told from their code."""

    runs: tuple[tuple[int, int], ...]
    code: list[str]
    """Lines of code, of blank ones only those that are text."""


def _parted(tree: SyntaxTree, first: int, last: int) -> _Parted:
    runs, rows = documentation(tree, first, last), range(first, min(last, len(tree.lines)))
    documenting = {row for start, end in runs for row in range(start, end)}
    literal = literal_lines(tree, rows)
    code = [
        content(tree.lines[row])
        for row in rows
        if row not in documenting and (row in literal or tree.lines[row].strip())
    ]
    return _Parted(runs, code)


def _with_texts(
    found: ResolvedSelection, tree: SyntaxTree, texts: Mapping[str, list[str]], code: str
) -> list[str]:
    """The passage with documentation by the name of what it documents, else what ``code`` has."""
    first, last, unit = found.passage.first, found.passage.last, indentation(found.view.lines).unit
    rows = [content(line) for line in found.view.lines[first:last]]
    inside = definitions_from(tree, first, last)
    by_name = {one.name: one for one in reversed(inside)}
    pairs = [(by_name[name], text) for name, text in texts.items() if name in by_name]
    pairs = pairs or [(inside[0], _documentation_alone(tree.language, code))]
    placed = [(spot, text) for one, text in pairs if (spot := _spot(tree, one, first)) is not None]
    if not placed:
        name = pairs[0][0].name
        raise Refusal(f"{shown(name)} has its body on its first line: a docstring has no place.")
    for (start, end, margin), text in sorted(placed, reverse=True):
        rows[start - first : end - first] = reindented(text, Indentation(margin, unit), ())
    return rows


def _documentation_alone(language: Language, code: str) -> list[str]:
    """The documentation in an answer that is not the code that was asked about."""
    run = documentation_in(parse(language, split(code)))
    convention = convention_of(language)
    if run is None or convention is None:
        wanted = convention.name if convention is not None else "documentation"
        raise Mistake(f"There is no documentation in it: {wanted} is wanted.")
    first, *rest = code.split("\n")[run[0] : run[1]]
    if convention.inside and rest:
        # Alone, a docstring's first line often has lost the margin that the others still have.
        return [first.strip(), *dedent("\n".join(rest)).split("\n")]
    return [first, *rest]


def _spot(tree: SyntaxTree, definition: Definition, first: int) -> tuple[int, int, str] | None:
    """The lines that a definition's documentation takes the place of, maybe none; its margin.

    It is not put above line ``first``, where a decorator may stand. None: a body that begins on
    the line of its head has no place for it.
    """
    convention = convention_of(tree.language)
    if convention is None or not convention.inside:
        end = max(first, definition.start.line)
        start = documentation_start(tree, end)
    else:
        body = definition.body_start
        if body is None or body.line == definition.signature_end.line:
            return None
        runs = documentation(tree, body.line, body.line + 1)
        start, end = runs[0] if runs else (body.line, body.line)
    return start, end, indentation(tree.lines[start : end + 1]).margin
