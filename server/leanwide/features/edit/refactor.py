"""Refactor: code changed as an instruction says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from attrs import evolve

from leanwide.features.ask.selection import Selection, resolve
from leanwide.features.edit.assignment import Assignment, EditContext, EditOutcome
from leanwide.features.edit.edit import edit
from leanwide.features.edit.fence import fence_around
from leanwide.features.edit.in_pieces import pieces_of
from leanwide.features.edit.insert import insertion_at
from leanwide.features.edit.length_guard import least_share
from leanwide.features.edit.rewrite import rewritten, settled_rewriting
from leanwide.features.session import Session
from leanwide.modes.router import Task
from leanwide.prompt.editing import refactor_question

_ANNOTATED: Final = frozenset({"php", "python", "tsx", "typescript"})
"""Languages in which type annotations are optional."""

INSTRUCTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Simplify": "simplify it, so that it does the same with less.",
        "Add type annotations": "add type annotations to parameters, results and attributes.",
    }
)
"""Instructions that code actions offer, by title."""


def instructions_for(language: str) -> tuple[str, ...]:
    """Return the titles of the instructions that make sense in a language, given by its name."""
    return tuple(
        title for title in INSTRUCTIONS if title != "Add type annotations" or language in _ANNOTATED
    )


async def refactor(selection: Selection, instruction: str, context: EditContext) -> EditOutcome:
    """Change the selected code as the instruction says; on a blank line, write what it says.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    session = context.session
    if is_place(selection):
        writing = insertion_at(selection.view, instruction, session)
        return await edit(writing, evolve(context, task=Task.INSERT))
    return await edit(_assignment(selection, instruction, session), context)


def is_place(selection: Selection) -> bool:
    """Whether a selection is a cursor on a blank line, or at the document's end."""
    start, end = selection.span
    return start == end and not selection.view.current_line.strip()


async def _assignment(selection: Selection, instruction: str, session: Session) -> Assignment:
    """Return what is wanted from the model.

    Raises:
        Refusal: There is nothing to refactor.
    """
    resolved = await resolve(selection, "refactor", session)
    return Assignment(
        resolved=resolved,
        question=partial(refactor_question, instruction=instruction),
        change=partial(rewritten, resolved, least_share(instruction), asked=instruction),
        settled=partial(settled_rewriting, resolved),
        fence=fence_around(resolved),
        pieces=pieces_of(resolved, instruction, (), least_share(instruction)),
    )
