"""Refactor: code changed as somebody says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from leanwide.features.ask.selection import Selection, resolve
from leanwide.features.edit.edit import Assignment, EditContext, EditOutcome, edit, no_change
from leanwide.features.edit.prose_guard import fence_around, least_share
from leanwide.features.edit.rewrite import rewritten
from leanwide.prompt.editing import refactor_question

_TYPED: Final = frozenset({"php", "python", "tsx", "typescript"})
"""Languages in which a type may be said or left out."""

INSTRUCTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Simplify": "simplify it, so that it does the same with less.",
        "Add type annotations": "add type annotations to parameters, results and attributes.",
    }
)
"""Instructions that are offered, by what they are called."""


def instructions_for(language: str) -> tuple[str, ...]:
    """Give the names of the instructions that make sense in a language, by its name."""
    return tuple(
        name for name in INSTRUCTIONS if name != "Add type annotations" or language in _TYPED
    )


async def refactor(place: Selection, instruction: str, desk: EditContext) -> EditOutcome:
    """Change the code at a place as the instruction says.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    found = await resolve(place, "refactor", desk.session)
    if isinstance(found, str):
        return no_change(found, desk)
    assignment = Assignment(
        found=found,
        question=partial(refactor_question, instruction=instruction),
        change=partial(rewritten, found, least_share(instruction)),
        fence=fence_around(found),
    )
    return await edit(assignment, desk)
