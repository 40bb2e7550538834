"""Test: a test for a definition, in a file of its own or added to the one that there is."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Final

from attrs import evolve

from leanwide.features.ask.selection import ResolvedSelection, Selection, first_definition, resolve
from leanwide.features.edit.change import FileEdit, Mistake, check_syntax
from leanwide.features.edit.edit import Assignment, EditContext, EditOutcome, edit, no_change
from leanwide.features.edit.rewrite import indented
from leanwide.features.edit.target_file import Opened, TargetFile, find_target_file, path_in_project
from leanwide.features.edit.target_location import NamingConvention, naming_convention, is_test
from leanwide.files.shown import shown
from leanwide.postprocess.addition import addition
from leanwide.postprocess.indent import Indentation, indentation
from leanwide.prompt.editing import RequestedTest, testing_question
from leanwide.syntax import Edit, Position, SyntaxTree, content, definitions, parse

_TEST_TOKENS: Final = 192
"""Imports, a head and a few lines of a test, whatever is tested."""


async def write_test(place: Selection, opened: Opened, desk: EditContext) -> EditOutcome:
    """Write a test for the definition at a place.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    found = await resolve(place, "test", desk.session)
    if isinstance(found, str):
        return no_change(found, desk)
    habit = await asyncio.to_thread(convention_at, found)
    if isinstance(habit, str):
        return no_change(habit, desk)
    area, path = desk.session.names.area, Path(found.view.path)
    file = await find_target_file(path, habit, area, opened)
    if isinstance(file, str):
        return no_change(file, desk)
    if not file.exists and not desk.creates:
        name = shown(file.name)
        return no_change(f"This editor cannot create {name}: create it empty, and ask again.", desk)
    definition = await asyncio.to_thread(first_definition, found)
    wish = RequestedTest(
        definition=definition.name if definition is not None else "",
        code_path=path_in_project(path, area.root(str(path))),
        test_path=file.name,
        framework=habit.framework,
        exists=file.exists,
    )
    found = evolve(found, passage=evolve(found.passage, focus=""))
    assignment = Assignment(
        found=found,
        question=partial(testing_question, wish=wish),
        change=partial(_with_test, found, file),
        example=file.example,
        needs=lambda code: _TEST_TOKENS + code // 2,
        most_code=lambda budget: budget.context_tokens,
    )
    return await edit(assignment, desk)


def convention_at(found: ResolvedSelection) -> NamingConvention | str:
    """How what is defined at a place would be tested; or, in a sentence, why it is not."""
    name = shown(Path(found.view.path).name)
    habit = naming_convention(found.language.name) if found.language is not None else None
    if habit is None:
        return f"How {name} would be tested is not known."
    if not found.view.uri.startswith("file:"):
        return f"{name} is not saved: there is no place for a test."
    if is_test(Path(found.view.path), habit):
        return f"{name} is a test itself."
    if first_definition(found) is None:
        return "There is nothing to test here: nothing is defined."
    return habit


def _with_test(found: ResolvedSelection, file: TargetFile, code: str) -> FileEdit:
    """Make the file, or add to it.

    Raises:
        Mistake: It does not parse, or names what the file has already.
    """
    model = file.lines or found.view.lines
    newline = model[0][len(content(model[0])) :] or "\n"
    lines = indented(code, Indentation("", indentation(model).unit), found.language)
    if file.lines and found.language is not None:
        own = parse(found.language, file.lines)
        _refuse_doubled(own, lines)
        edits = addition(own, lines, newline)
    else:
        start = Position(0, 0)
        edits = (Edit(start, start, "".join(f"{line}{newline}" for line in lines)),)
    check_syntax(found.language, file.lines, edits)
    return FileEdit(
        uri=file.uri,
        version=file.version,
        lines=file.lines,
        edits=edits,
        creates=not file.exists,
    )


def _refuse_doubled(file: SyntaxTree, code: list[str]) -> None:
    """See to it that nothing is defined twice: of two tests of one name, only one would run.

    Raises:
        Mistake: The code defines something that the file has.
    """
    new = parse(file.language, [f"{line}\n" for line in code])
    if doubled := _top_names(file) & _top_names(new):
        raise Mistake(f"`{min(doubled)}` is in the file already: another name is needed.")


def _top_names(tree: SyntaxTree) -> set[str]:
    return {one.name for one in definitions(tree) if one.parent is None}
