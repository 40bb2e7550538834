"""Document: what is defined gets documentation in its language's convention, and nothing else."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import PurePath

from attrs import evolve, frozen

from leanwide.features.change import Change, Mistake, Refusal
from leanwide.features.edit import Assignment, Desk, Outcome, edit, no_change
from leanwide.features.place import Found, Place, defined, find
from leanwide.features.rewrite import fitted, with_lines
from leanwide.prompt.editing import document_question
from leanwide.shape.indent import Indentation, indentation, reindented
from leanwide.shape.splice import applied, replacement
from leanwide.syntax import (
    Definition,
    Language,
    SyntaxTree,
    content,
    convention_of,
    documentation,
    documentation_in,
    documentation_start,
    literal_lines,
    parse,
    split,
)


async def document(place: Place, desk: Desk) -> Outcome:
    """Document the definition at a place, or what the selected lines define.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    found = await find(place, "document", desk.bench)
    if isinstance(found, str):
        return no_change(found, desk)
    tree, name = found.tree, PurePath(found.view.path).name
    convention = convention_of(tree.language) if tree is not None else None
    if tree is None or convention is None:
        return no_change(f"How {name} would be documented is not known.", desk)
    found = await asyncio.to_thread(_with_documentation, found, tree)
    target = await asyncio.to_thread(defined, found)
    if target is None:
        return no_change("There is nothing to document here: nothing is defined.", desk)
    assignment = Assignment(
        found=found,
        question=partial(document_question, convention=convention.name),
        change=partial(_documented, found, tree, target),
    )
    return await edit(assignment, desk)


def documentable(found: Found) -> bool:
    """Whether something is defined at a place, in a language that documents definitions."""
    if found.tree is None or convention_of(found.tree.language) is None:
        return False
    return defined(found) is not None


def _with_documentation(found: Found, tree: SyntaxTree) -> Found:
    """The passage with the documentation that stands directly above it, which is to be replaced."""
    first = documentation_start(tree, found.passage.first)
    return evolve(found, passage=evolve(found.passage, first=first, focus=""))


def _documented(found: Found, tree: SyntaxTree, target: Definition, code: str) -> Change:
    """Take the model's lines where they add documentation only, else its documentation alone.

    Raises:
        Mistake: There is no documentation in the answer, or it breaks the file.
        Refusal: There is no place for it, or it stands there already.
    """
    view, first, last = found.view, found.passage.first, found.passage.last
    lines = fitted(found, code)
    edit = replacement(view.lines, (first, last), lines, view.newline)
    after = parse(tree.language, applied(view.lines, (edit,) if edit is not None else ()))
    old, new = _parted(tree, first, last), _parted(after, first, first + len(lines))
    if new.code == old.code and len(new.runs) >= max(1, len(old.runs)):
        return with_lines(found, lines)
    if new.runs:
        start, end = new.runs[0]
        text = lines[start - first : end - first]
    else:
        text = _documentation_alone(tree.language, code)
    start, end, margin = _place(tree, target)
    wanted = Indentation(margin, indentation(view.lines).unit)
    rows = [content(line) for line in view.lines[first:last]]
    rows[start - first : end - first] = reindented(text, wanted, ())
    return with_lines(found, rows)


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


def _documentation_alone(language: Language, code: str) -> list[str]:
    """The documentation in an answer that is not the code that was asked about."""
    run = documentation_in(parse(language, split(code)))
    convention = convention_of(language)
    if run is None or convention is None:
        wanted = convention.name if convention is not None else "documentation"
        raise Mistake(f"There is no documentation in it: {wanted} is wanted.")
    return code.split("\n")[run[0] : run[1]]


def _place(tree: SyntaxTree, target: Definition) -> tuple[int, int, str]:
    """The lines that a definition's documentation takes the place of, maybe none; its margin."""
    convention = convention_of(tree.language)
    if convention is None or not convention.inside:
        head = target.start.line
        return (
            documentation_start(tree, head),
            head,
            indentation(tree.lines[head : head + 1]).margin,
        )
    body = target.body_start
    if body is None or body.line == target.signature_end.line:
        raise Refusal(f"{target.name} has its body on its first line: a docstring has no place.")
    runs = documentation(tree, body.line, body.line + 1) or ((body.line, body.line),)
    return *runs[0], indentation(tree.lines[body.line : body.line + 1]).margin
