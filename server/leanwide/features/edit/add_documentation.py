"""Document: add documentation to a definition, in its language's convention, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import PurePath
from textwrap import dedent

from attrs import evolve, frozen

from leanwide.features.ask.selection import ResolvedSelection, Selection, first_definition, resolve
from leanwide.features.edit.assignment import Assignment, EditContext, EditOutcome
from leanwide.features.edit.begun_documentation import documentation_beginning, no_documentation
from leanwide.features.edit.change import FileEdit, Mistake
from leanwide.features.edit.documentation_place import with_texts_at
from leanwide.features.edit.edit import edit
from leanwide.features.edit.rewrite import fitted, settled_rewriting, with_lines
from leanwide.features.refusal import Refusal
from leanwide.features.session import Session
from leanwide.files.shown import shown
from leanwide.postprocess.splice import applied, replacements
from leanwide.prompt.editing import document_question
from leanwide.syntax import (
    Definition,
    Edit,
    Language,
    SyntaxTree,
    announced_start,
    content,
    definitions_from,
    documentation_convention,
    documentation_runs,
    documentation_start,
    documented_name,
    first_documentation,
    literal_lines,
    parse,
    split,
)


async def document(selection: Selection, context: EditContext) -> EditOutcome:
    """Document the definition at the cursor, or what the selected lines define.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    return await edit(_assignment(selection, context.session), context)


async def _assignment(selection: Selection, session: Session) -> Assignment:
    """Return what is wanted from the model.

    Raises:
        Refusal: There is nothing to document, or the language's convention is not known.
    """
    resolved = await resolve(selection, "document", session)
    tree = resolved.tree
    convention = documentation_convention(tree.language) if tree is not None else None
    if tree is None or convention is None:
        name = shown(PurePath(resolved.view.path).name)
        raise Refusal(f"How {name} would be documented is not known.")
    definition = await asyncio.to_thread(first_definition, resolved)
    if definition is None:
        raise Refusal("There is nothing to document here: nothing is defined.")
    resolved = await asyncio.to_thread(_whole_definition, resolved, tree, definition)
    beginning = await asyncio.to_thread(documentation_beginning, resolved, tree, convention)
    return Assignment(
        resolved=resolved,
        question=partial(document_question, convention=convention.name),
        change=partial(with_documentation, resolved, tree),
        settled=partial(settled_documentation, resolved, tree),
        beginning=beginning,
    )


def documentable(resolved: ResolvedSelection) -> bool:
    """Whether the passage defines something, in a language that documents definitions."""
    if resolved.tree is None or documentation_convention(resolved.tree.language) is None:
        return False
    return first_definition(resolved) is not None


def _whole_definition(
    resolved: ResolvedSelection, tree: SyntaxTree, definition: Definition
) -> ResolvedSelection:
    """Return the passage with all of its first definition, and what stands above it.

    That is its documentation, attributes and directives.
    """
    passage = resolved.passage
    head = min(passage.first, definition.start.line)
    first = min(announced_start(tree, head), documentation_start(tree, head))
    last = max(passage.last, min(definition.end.line + 1, len(resolved.view.lines)))
    return evolve(resolved, passage=evolve(passage, first=first, last=last, focus=""))


def with_documentation(resolved: ResolvedSelection, tree: SyntaxTree, code: str) -> FileEdit:
    """Return the model's lines if they only add documentation, else its documentation alone.

    Raises:
        Mistake: There is no documentation in the answer, or it breaks the file.
        Refusal: There is no place for it, or it is there already.
    """
    view, first, last = resolved.view, resolved.passage.first, resolved.passage.last
    lines = fitted(resolved, code)
    edits = replacements(view.lines, (first, last), lines, view.newline)
    after = parse(tree.language, applied(view.lines, edits))
    old, new = _separate(tree, first, last), _separate(after, first, first + len(lines))
    if new.code == old.code and len(new.runs) >= max(1, len(old.runs)):
        return with_lines(resolved, lines)
    texts = {
        documented_name(after, run): lines[run[0] - first : run[1] - first] for run in new.runs
    }
    return with_lines(resolved, _with_texts(resolved, tree, texts, code))


def settled_documentation(
    resolved: ResolvedSelection, tree: SyntaxTree, code: str
) -> tuple[Edit, ...]:
    """Return the settled edits of code that is still written, if they change no line of code."""
    view, passage = resolved.view, resolved.passage
    edits = settled_rewriting(resolved, code)
    after = parse(tree.language, applied(view.lines, edits))
    last = passage.last + len(after.lines) - len(view.lines)
    kept = _separate(tree, passage.first, passage.last).code
    return edits if _separate(after, passage.first, last).code == kept else ()


@frozen
class _Separated:
    """Documentation and code of some lines."""

    runs: tuple[tuple[int, int], ...]
    code: list[str]
    """Lines of code; of the blank ones only those inside a string."""


def _separate(tree: SyntaxTree, first: int, last: int) -> _Separated:
    """Separate the documentation in lines ``first`` to ``last``, exclusive, from their code."""
    runs, rows = documentation_runs(tree, first, last), range(first, min(last, len(tree.lines)))
    documenting = {row for start, end in runs for row in range(start, end)}
    literal = literal_lines(tree, rows)
    code = [
        content(tree.lines[row])
        for row in rows
        if row not in documenting and (row in literal or tree.lines[row].strip())
    ]
    return _Separated(runs, code)


def _with_texts(
    resolved: ResolvedSelection, tree: SyntaxTree, texts: Mapping[str, list[str]], code: str
) -> list[str]:
    """Return the passage's lines with documentation from the model.

    Args:
        resolved: The passage.
        tree: Its syntax.
        texts: Documentation by the name of what it documents.
        code: The answer; its documentation is used if no name matches.

    Raises:
        Mistake: There is no documentation in the answer.
        Refusal: There is no place for it.
    """
    inside = definitions_from(tree, resolved.passage.first, resolved.passage.last)
    by_name = {definition.name: definition for definition in reversed(inside)}
    pairs = [(by_name[name], text) for name, text in texts.items() if name in by_name]
    pairs = pairs or [(inside[0], _documentation_alone(tree.language, code))]
    return with_texts_at(resolved, tree, pairs)


def _documentation_alone(language: Language, code: str) -> list[str]:
    """Return the documentation of an answer that is not the code that was asked about.

    Raises:
        Mistake: There is none.
    """
    run = first_documentation(parse(language, split(code)))
    convention = documentation_convention(language)
    if run is None or convention is None:
        raise Mistake(no_documentation(convention))
    first, *rest = code.split("\n")[run[0] : run[1]]
    if convention.inside and rest:
        # Without its code, a docstring's first line has often lost the margin of the others.
        return [first.strip(), *dedent("\n".join(rest)).split("\n")]
    return [first, *rest]
