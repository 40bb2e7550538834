"""The beginning of an answer that documents a definition: the model writes the comment alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from leanwide.features.ask.selection import ResolvedSelection
from leanwide.features.edit.assignment import AnswerBeginning
from leanwide.features.edit.change import FileEdit
from leanwide.features.edit.documentation_place import documentation_spot, with_texts_at
from leanwide.features.edit.rewrite import with_lines
from leanwide.postprocess.begun_documentation import BegunDocumentation
from leanwide.postprocess.markdown import printable
from leanwide.prompt.question import fence_for
from leanwide.syntax import (
    Definition,
    DocumentationConvention,
    SyntaxTree,
    content,
    definitions_from,
)

_FUNCTIONS: Final = frozenset({"function", "method", "macro"})
"""Kinds of definitions whose inner ones are not documented."""
_SENTENCE_TOKENS: Final = 64
"""Tokens that say what a definition is for; more follow with its code, which has as many more
parameters and ways to end."""
_USUAL_TOKENS: Final = 160
"""Of 6,200 docstrings in Python's library, nineteen of twenty have no more tokens."""


def documentation_beginning(
    resolved: ResolvedSelection, tree: SyntaxTree, convention: DocumentationConvention
) -> AnswerBeginning | None:
    """Return an answer up to the first word of the documentation.

    None where more than one definition is to be documented, or there is no place for it.
    """
    passage = resolved.passage
    found = definitions_from(tree, passage.first, passage.last)
    spot = documentation_spot(tree, found[0], passage.first) if _is_alone(found) else None
    if spot is None:
        return None
    place, end, margin = spot
    head = tree.lines[found[0].start.line : place] if convention.inside else ()
    shown = "".join(f"{content(line)}\n" for line in head)
    below = next((line for line in tree.lines[end:] if any(map(str.isalnum, line))), "")
    begun = BegunDocumentation(convention, found[0].name, below)
    opening = begun.beginning(margin)
    text = printable(f"{fence_for(shown)}{resolved.language_name}\n{shown}{opening}")
    return AnswerBeginning(
        text=text,
        read=lambda answer: begun.read(answer[len(text) :]),
        problem=no_documentation(convention),
        change=partial(_with_comment, resolved, tree, found[0]),
        answer_tokens=lambda code: min(_USUAL_TOKENS, _SENTENCE_TOKENS + code // 2),
    )


def _is_alone(found: Sequence[Definition]) -> bool:
    """Whether the first of some definitions holds all others, as a part of what it does."""
    first, *others = found
    inside = all(first.start <= other.start <= first.end for other in others)
    return not others or (inside and first.kind in _FUNCTIONS)


def _with_comment(
    resolved: ResolvedSelection, tree: SyntaxTree, definition: Definition, documentation: str
) -> FileEdit:
    """Return the change that documents a definition of the passage.

    Raises:
        Mistake: It breaks the file.
        Refusal: There is no place for it, or it is there already.
    """
    pair = definition, documentation.split("\n")
    return with_lines(resolved, with_texts_at(resolved, tree, [pair]))


def no_documentation(convention: DocumentationConvention | None) -> str:
    """Return what is said of an answer without documentation."""
    wanted = convention.name if convention is not None else "documentation"
    return f"There is no documentation in it: {wanted} is wanted."
