"""What a request is about: the selected place in a document, and the lines that it means."""

from __future__ import annotations

import asyncio
from pathlib import PurePath

from attrs import frozen

from leanwide.context.passage import Passage, choose_passage
from leanwide.context.view import Snapshot, View
from leanwide.features.exclusion import exclusion_reason
from leanwide.features.refusal import Refusal
from leanwide.features.session import Session
from leanwide.prompt.question import CodeContext
from leanwide.syntax import Definition, Language, Position, Span, SyntaxTree, definitions_from


@frozen(kw_only=True)
class Selection:
    """A selection in a document; an empty one is the cursor."""

    view: View
    """With the cursor at the selection's start."""
    end: Position

    @property
    def span(self) -> Span:
        """From the cursor to the end."""
        return Span(Position(self.view.line, self.view.column), self.end)


def select_all(document: Snapshot) -> Selection:
    """Return a selection of a whole document."""
    last = max(0, len(document.lines) - 1)
    end = len(document.lines[last].rstrip("\r\n")) if document.lines else 0
    return Selection(view=document.at(0, 0), end=Position(last, end))


@frozen(kw_only=True)
class ResolvedSelection:
    """The lines that a selection means, which the model may read, and their syntax."""

    view: View
    tree: SyntaxTree | None
    passage: Passage

    @property
    def language(self) -> Language | None:
        """The document's language; None where there is no grammar for it."""
        return self.tree.language if self.tree is not None else None

    @property
    def language_name(self) -> str:
        """The language's name; "" where there is no grammar for it."""
        return self.tree.language.name if self.tree is not None else ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of the passage, with their endings."""
        return self.view.lines[self.passage.first : self.passage.last]


async def resolve(selection: Selection, verb: str, session: Session) -> ResolvedSelection:
    """Find the lines that a selection means: those selected, or the definition at the cursor.

    Raises:
        Refusal: The document is excluded, or there is only white space to ``verb``.
    """
    view = selection.view
    if reason := await exclusion_reason(view, session.names):
        raise Refusal(f"{reason}.")
    tree = await session.trees.whole(view)
    passage = await asyncio.to_thread(choose_passage, view, selection.span, tree)
    if passage is None:
        raise Refusal(f"There is nothing to {verb} here: the place holds only white space.")
    return ResolvedSelection(view=view, tree=tree, passage=passage)


def first_definition(resolved: ResolvedSelection) -> Definition | None:
    """Return the first definition whose head is in the passage."""
    if resolved.tree is None:
        return None
    passage = resolved.passage
    return next(iter(definitions_from(resolved.tree, passage.first, passage.last)), None)


def context_without_code(resolved: ResolvedSelection) -> CodeContext:
    """Return what a question says besides the code; its length is what the frame costs."""
    return CodeContext(
        file=PurePath(resolved.view.path).name,
        language=resolved.language_name,
        code="",
        focus=resolved.passage.focus,
        around=" ",
    )
