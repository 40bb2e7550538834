"""Where a definition's documentation stands, and lines with documentation there."""

from __future__ import annotations

from collections.abc import Sequence

from leanwide.features.ask.selection import ResolvedSelection
from leanwide.features.refusal import Refusal
from leanwide.files.shown import shown
from leanwide.postprocess.indent import Indentation, indentation, reindented
from leanwide.syntax import (
    Definition,
    SyntaxTree,
    announced_start,
    content,
    documentation_above,
    documentation_convention,
    documentation_runs,
)


def with_texts_at(
    resolved: ResolvedSelection, tree: SyntaxTree, pairs: Sequence[tuple[Definition, list[str]]]
) -> list[str]:
    """Return the passage's lines with definitions and their documentation.

    Raises:
        Refusal: There is no place for it.
    """
    first = resolved.passage.first
    unit = indentation(resolved.view.lines).unit
    rows = [content(line) for line in resolved.lines]
    placed = [
        (spot, text)
        for definition, text in pairs
        if (spot := documentation_spot(tree, definition, first)) is not None
    ]
    if not placed:
        name = pairs[0][0].name
        raise Refusal(f"{shown(name)} has its body on its first line: a docstring has no place.")
    for (start, end, margin), text in sorted(placed, reverse=True):
        rows[start - first : end - first] = reindented(text, Indentation(margin, unit))
    return rows


def documentation_spot(
    tree: SyntaxTree, definition: Definition, first: int
) -> tuple[int, int, str] | None:
    """Return where a definition's documentation goes: start, end and margin.

    The lines from start to end, exclusive, are replaced; there may be none. Nothing goes above
    line ``first``. None if the body begins on the line of its head.
    """
    convention = documentation_convention(tree.language)
    if convention is None or not convention.inside:
        head = max(first, definition.start.line)
        place = max(first, announced_start(tree, head))
        found = documentation_above(tree, head)
        start, end = found if found is not None and found[0] >= first else (place, place)
    else:
        body = definition.body_start
        if body is None or body.line == definition.signature_end.line:
            return None
        runs = documentation_runs(tree, body.line, body.line + 1)
        start, end = runs[0] if runs else (body.line, body.line)
    return start, end, indentation(tree.lines[start : end + 1]).margin
