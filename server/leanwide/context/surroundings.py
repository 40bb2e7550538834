"""What of a file helps to understand a passage: heads of what it stands in, imports it uses."""

from __future__ import annotations

from leanwide.context.folding import shown
from leanwide.context.passage import Passage
from leanwide.context.view import View
from leanwide.context.window import Count
from leanwide.syntax import Span, SyntaxTree, enclosing, imports, references


def surroundings(view: View, runs: tuple[Passage, ...], room: int, count: Count) -> str:
    """Give the runs of lines that fit into ``room`` tokens, the first ones first, in file order."""
    kept: set[int] = set()
    for run in runs:
        new = set(range(run.first, run.last)) - kept
        cost = sum(count(shown(view, line)) for line in new)
        if cost <= room:
            kept |= new
            room -= cost
    return "".join(shown(view, line) for line in sorted(kept))


def run_lines(view: View, runs: tuple[Passage, ...]) -> tuple[str, ...]:
    """The lines of all runs, as :func:`surroundings` shows them."""
    return tuple(shown(view, line) for run in runs for line in range(run.first, run.last))


def helpful(passage: Passage, tree: SyntaxTree | None) -> tuple[Passage, ...]:
    """Runs of lines outside of a passage that help to understand it, the best first."""
    if tree is None:
        return ()
    return (*_heads_around(passage, tree), *_imports_used(passage, tree))


def names_used(passage: Passage, tree: SyntaxTree) -> tuple[str, ...]:
    """Give the names that a passage uses and does not bind itself."""
    return references(tree, Span(tree.clamp((passage.first, 0)), tree.clamp((passage.last, 0))))


def _heads_around(passage: Passage, tree: SyntaxTree) -> list[Passage]:
    around = enclosing(tree, (passage.first, _margin(tree, passage.first)))
    return [
        Passage(first=one.start.line, last=min(one.signature_end.line + 1, passage.first))
        for one in around
        if one.start.line < passage.first
    ]


def _margin(tree: SyntaxTree, line: int) -> int:
    """Where the text of a line starts."""
    text = tree.lines[line] if line < len(tree.lines) else ""
    return len(text) - len(text.lstrip())


def _imports_used(passage: Passage, tree: SyntaxTree) -> list[Passage]:
    names = set(names_used(passage, tree))
    spans = (one.span for one in imports(tree) if names.intersection(one.names))
    return [
        Passage(first=start.line, last=end.line + 1)
        for start, end in spans
        if end.line < passage.first or start.line >= passage.last
    ]
