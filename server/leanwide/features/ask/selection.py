"""What somebody points at: the place in a document, and the lines that are meant by it."""

from __future__ import annotations

import asyncio
from pathlib import PurePath

from attrs import frozen

from leanwide.context.passage import Passage, choose_passage
from leanwide.context.view import View
from leanwide.features.exclusion import exclusion_reason
from leanwide.features.session import Session
from leanwide.prompt.question import CodeContext
from leanwide.syntax import Definition, Language, Position, Span, SyntaxTree, definitions_from


@frozen(kw_only=True)
class Selection:
    """A selection in a document; empty, it is the cursor."""

    view: View
    """With the cursor at the selection's start."""
    end: Position

    @property
    def selection(self) -> Span:
        """From the cursor to the end."""
        return Span(Position(self.view.line, self.view.column), self.end)


def select_all(view: View) -> Selection:
    """Select all of a document; the view's cursor has to be at its beginning."""
    last = max(0, len(view.lines) - 1)
    end = len(view.lines[last].rstrip("\r\n")) if view.lines else 0
    return Selection(view=view, end=Position(last, end))


@frozen(kw_only=True)
class ResolvedSelection:
    """Lines of a document that the model may read, and its syntax."""

    view: View
    tree: SyntaxTree | None
    passage: Passage

    @property
    def language(self) -> Language | None:
        """The document's language; None where there is no grammar for it."""
        return self.tree.language if self.tree is not None else None


def first_definition(found: ResolvedSelection) -> Definition | None:
    """The first definition whose head is in the passage."""
    if found.tree is None:
        return None
    starting = definitions_from(found.tree, found.passage.first, found.passage.last)
    return starting[0] if starting else None


async def resolve(place: Selection, verb: str, session: Session) -> ResolvedSelection | str:
    """Find the lines that are meant; or say, in a sentence with ``verb``, why there are none.

    White space is nothing to read, and excluded files are never read by the model.
    """
    view = place.view
    if reason := await exclusion_reason(view, session.names):
        return f"{reason}."
    tree = await session.trees.whole(view)
    passage = await asyncio.to_thread(choose_passage, view, place.selection, tree)
    if passage is None:
        return f"There is nothing to {verb} here: the place holds only white space."
    return ResolvedSelection(view=view, tree=tree, passage=passage)


def context_without_code(found: ResolvedSelection) -> CodeContext:
    """What a question says of a passage beside its code; room for what is around is kept."""
    return CodeContext(
        file=PurePath(found.view.path).name,
        language=found.language.name if found.language is not None else "",
        code="",
        focus=found.passage.focus,
        around=" ",
    )
