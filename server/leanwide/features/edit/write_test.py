"""Test: a test for a definition, in a new file or added to an existing one."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from pathlib import Path
from typing import Final

from attrs import evolve

from leanwide.features.ask.selection import ResolvedSelection, Selection, first_definition, resolve
from leanwide.features.edit.assignment import Assignment, EditContext, EditOutcome
from leanwide.features.edit.change import FileEdit, Mistake
from leanwide.features.edit.edit import edit
from leanwide.features.edit.rewrite import indented, level_of
from leanwide.features.edit.syntax_guard import check_syntax
from leanwide.features.edit.target_file import Opened, TargetFile, find_target_file, path_in_project
from leanwide.features.edit.target_location import NamingConvention, is_test, naming_convention
from leanwide.features.refusal import Refusal
from leanwide.files.shown import shown
from leanwide.postprocess.addition import addition
from leanwide.postprocess.indent import Indentation
from leanwide.prompt.editing import RequestedTest, testing_question
from leanwide.syntax import (
    Edit,
    Position,
    Span,
    SyntaxTree,
    content,
    definitions,
    macro_heads,
    parse,
)

_TEST_TOKENS: Final = 192
"""Tokens for imports, a head and a few lines, whatever is tested."""


async def write_test(selection: Selection, opened: Opened, context: EditContext) -> EditOutcome:
    """Write a test for the selected definition.

    Args:
        selection: The code.
        opened: Returns an open document by its URI.
        context: What the edit runs with.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    return await edit(_assignment(selection, opened, context), context)


async def _assignment(selection: Selection, opened: Opened, context: EditContext) -> Assignment:
    """Return what is wanted from the model.

    Raises:
        Refusal: There is nothing to test, or the test file cannot be read or created.
    """
    resolved = await resolve(selection, "test", context.session)
    convention = await asyncio.to_thread(convention_at, resolved)
    folders, path = context.session.names.folders, Path(resolved.view.path)
    file = await find_target_file(path, convention, folders, opened)
    if not file.exists and not context.creates:
        name = shown(file.name)
        raise Refusal(f"This editor cannot create {name}: create it empty, and ask again.")
    definition = await asyncio.to_thread(first_definition, resolved)
    request = RequestedTest(
        definition=definition.name if definition is not None else "",
        code_path=path_in_project(path, folders.root(str(path))),
        test_path=file.name,
        framework=convention.framework,
        exists=file.exists,
    )
    resolved = evolve(resolved, passage=evolve(resolved.passage, focus=""))
    return Assignment(
        resolved=resolved,
        question=partial(testing_question, request=request),
        change=partial(_with_test, resolved, file),
        example=file.example,
        answer_tokens=lambda code: _TEST_TOKENS + code // 2,
        max_code_tokens=lambda budget: budget.context_tokens,
    )


def can_be_tested(resolved: ResolvedSelection) -> bool:
    """Whether a test can be written for the passage."""
    try:
        convention_at(resolved)
    except Refusal:
        return False
    return True


def convention_at(resolved: ResolvedSelection) -> NamingConvention:
    """Return how tests for the passage are named and kept.

    Raises:
        Refusal: No test can be written for it.
    """
    name = shown(Path(resolved.view.path).name)
    convention = naming_convention(resolved.language_name)
    if convention is None:
        raise Refusal(f"How {name} would be tested is not known.")
    if not resolved.view.uri.startswith("file:"):
        raise Refusal(f"{name} is not saved: there is no place for a test.")
    if is_test(Path(resolved.view.path), convention):
        raise Refusal(f"{name} is a test itself.")
    if first_definition(resolved) is None:
        raise Refusal("There is nothing to test here: nothing is defined.")
    return convention


def _with_test(resolved: ResolvedSelection, file: TargetFile, code: str) -> FileEdit:
    """Return the change that creates the test file, or adds to it.

    Raises:
        Mistake: It does not parse, or defines a name that the file defines already.
    """
    style = file.lines or resolved.view.lines
    newline = style[0][len(content(style[0])) :] or "\n"
    lines = indented(code, Indentation("", level_of(style, resolved.language)), resolved.language)
    if file.lines and resolved.language is not None:
        own = parse(resolved.language, file.lines)
        _check_names(own, lines)
        edits = addition(own, lines, newline)
    else:
        start = Position(0, 0)
        edits = (Edit(start, start, "".join(f"{line}{newline}" for line in lines)),)
    check_syntax(resolved.language, file.lines, edits)
    return FileEdit(
        uri=file.uri,
        version=file.version,
        lines=file.lines,
        edits=edits,
        creates=not file.exists,
    )


def _check_names(file: SyntaxTree, code: list[str]) -> None:
    """Check that nothing is defined twice: of two tests with one name, only one would run.

    Raises:
        Mistake: The code defines a name that the file defines already.
    """
    new = parse(file.language, [f"{line}\n" for line in code])
    if shared := _top_names(file) & _top_names(new):
        raise Mistake(f"`{min(shared)}` is in the file already: another name is needed.")


def _top_names(tree: SyntaxTree) -> set[str]:
    """Return what no other definition at the top level may be called.

    Of a macro's call, such as GoogleTest's ``TEST(Suite, Case)``, that is all of the call.
    """
    calls = {" ".join(head.split()) for head in macro_heads(tree.language, "".join(tree.lines))}
    tops = [found for found in definitions(tree) if found.parent is None]
    heads = [" ".join(tree.text(Span(found.start, found.signature_end)).split()) for found in tops]
    return calls | {
        head if re.match(rf"{re.escape(found.name)}\s*\(", head) else found.name
        for found, head in zip(tops, heads, strict=True)
    }
