"""Lines that help to understand a passage: heads of definitions around it, imports it uses."""

from __future__ import annotations

from leanwide.context.folding import prompt_line
from leanwide.context.passage import Passage
from leanwide.context.view import View
from leanwide.context.window import Count
from leanwide.syntax import Span, SyntaxTree, enclosing, imports, references


def surroundings(view: View, runs: tuple[Passage, ...], room: int, count: Count) -> str:
    """Return the text of the first runs that fit into ``room`` tokens, in file order."""
    kept: set[int] = set()
    for run in runs:
        new = set(range(run.first, run.last)) - kept
        cost = sum(count(prompt_line(view, line)) for line in new)
        if cost <= room:
            kept |= new
            room -= cost
    return "".join(prompt_line(view, line) for line in sorted(kept))


def run_lines(view: View, runs: tuple[Passage, ...]) -> tuple[str, ...]:
    """Return the lines of all runs as :func:`surroundings` shows them."""
    return tuple(prompt_line(view, line) for run in runs for line in range(run.first, run.last))


def helpful_runs(passage: Passage, tree: SyntaxTree | None) -> tuple[Passage, ...]:
    """Return runs of lines outside a passage that help to understand it, the most useful first."""
    if tree is None:
        return ()
    first = tree.lines[passage.first] if passage.first < len(tree.lines) else ""
    margin = len(first) - len(first.lstrip())
    heads = (
        Passage(
            first=definition.start.line, last=min(definition.signature_end.line + 1, passage.first)
        )
        for definition in enclosing(tree, (passage.first, margin))
        if definition.start.line < passage.first
    )
    names = set(names_used(passage, tree))
    spans = (found.span for found in imports(tree) if names.intersection(found.names))
    used = (
        Passage(first=start.line, last=end.line + 1)
        for start, end in spans
        if end.line < passage.first or start.line >= passage.last
    )
    return (*heads, *used)


def names_used(passage: Passage, tree: SyntaxTree) -> tuple[str, ...]:
    """Return the names that a passage uses and does not bind itself."""
    return references(tree, Span(tree.clamp((passage.first, 0)), tree.clamp((passage.last, 0))))
