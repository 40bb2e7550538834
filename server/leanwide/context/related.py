"""Chooses the few pieces of other files that stand in front of the window. Pure.

Every change of the choice means that the whole prompt is evaluated again, so the choice stays while
it is nearly as good as another one, and its order depends on the files alone. Most pieces do not
help: an empty choice is a good one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from attrs import evolve, field, frozen

from leanwide.context.recent_edits import EditedPlace
from leanwide.context.snippet import Snippet
from leanwide.context.view import View
from leanwide.context.window import Count, Related
from leanwide.syntax import Position, Span, SyntaxTree, references

MOST: Final = 4
"""Snippets in a prompt."""
_REACH: Final = 20
"""Lines above the cursor and below in which names are looked for."""
_ALIKE: Final = 0.5
"""Share of words in common above which two texts say the same."""
_HELD: Final = 0.9
"""Share of a snippet's words above which another text holds it."""
_STRIDE: Final = 6
"""Lines from one stretch of the text at the cursor to the next; stretches are twice as long."""
_HEADER_TOKENS: Final = 4
"""Tokens around a snippet and its path in a prompt."""
_CLEARLY: Final = 1.5
"""A choice that is this many times as good replaces the one before."""
_WORD: Final = re.compile(r"\w+")

_DEFINITION, _EDIT, _COUNTERPART = 1.0, 0.6, 0.5
"""What the first candidate of each kind is worth."""
_FADES: Final = 0.85
"""How much less the next one of a kind is worth."""


@frozen
class Candidates:
    """What may be chosen from, the best of each kind first."""

    definitions: tuple[Snippet, ...] = ()
    """Of names near the cursor, the nearest name's first."""
    edits: tuple[EditedPlace, ...] = ()
    """Newest first."""
    counterparts: tuple[Snippet, ...] = ()
    """Outlines of the tests of this implementation, or of the implementation of these tests."""

    def scored(self) -> Iterator[tuple[Snippet, float]]:
        """Yield every candidate with what it is worth."""
        edits = tuple(Snippet(place.path, place.text, place.line) for place in self.edits)
        kinds = ((self.definitions, _DEFINITION), (edits, _EDIT), (self.counterparts, _COUNTERPART))
        for snippets, worth in kinds:
            for rank, snippet in enumerate(snippets):
                yield snippet, worth * _FADES**rank


@frozen(kw_only=True)
class Limits:
    """What a choice must keep to."""

    path: str
    """The file of the cursor, relative to the workspace root, POSIX: it is never chosen from."""
    around: Sequence[str]
    """The lines around the cursor that are in the window: what says the same is left out."""
    budget: int
    """Tokens for all snippets and all paths."""
    count: Count
    allowed: Callable[[str], bool] = field(default=lambda _: True)
    """Whether a path may still be shown: its file exists and is not excluded."""


def names_near(view: View, tree: SyntaxTree) -> tuple[str, ...]:
    """Give the names used around the cursor and not bound there, nearest first."""
    first, last = max(0, view.line - _REACH), view.line + _REACH
    span = Span(tree.clamp((first, 0)), tree.clamp((last, 0)))
    return references(tree, span, near=Position(view.line, view.column))


def lines_near(view: View) -> Sequence[str]:
    """Give the lines around the cursor that a snippet is compared with."""
    return view.lines[max(0, view.line - 2 * _REACH) : view.line + _REACH]


def texts_to_count(candidates: Candidates, path: str) -> Iterator[str]:
    """The texts whose tokens :func:`choose_related` asks for."""
    yield path
    for snippet, _ in candidates.scored():
        yield snippet.path
        yield snippet.text


def choose_related(candidates: Candidates, previous: Related, limits: Limits) -> Related:
    """Choose what stands in front of a window, as :func:`choose` does, and count it."""
    heading = limits.count(limits.path) + _HEADER_TOKENS
    inner = evolve(limits, budget=limits.budget - heading)
    chosen = choose(candidates, previous.snippets, inner)
    if not chosen:
        return Related()
    tokens = heading + sum(_cost(snippet, limits.count) for snippet in chosen)
    return Related(limits.path, chosen, tokens)


def choose(
    candidates: Candidates, previous: tuple[Snippet, ...], limits: Limits
) -> tuple[Snippet, ...]:
    """Choose at most :data:`MOST` snippets within the budget, in the order of path and position.

    The previous choice stays while it keeps to the limits and none is clearly better.
    """
    worth = _worth(candidates, limits)
    stretches = tuple(_stretches(limits.around))
    best = _best(worth, stretches, limits)
    if previous and set(previous) != set(best) and _fits(previous, stretches, limits):
        before = sum(worth.get(snippet, 0.0) for snippet in previous)
        if sum(worth[snippet] for snippet in best) < _CLEARLY * max(before, _COUNTERPART):
            return previous
    return best


def _worth(candidates: Candidates, limits: Limits) -> dict[Snippet, float]:
    worth: dict[Snippet, float] = {}
    for snippet, score in candidates.scored():
        if snippet.text and snippet.path != limits.path and limits.allowed(snippet.path):
            worth[snippet] = max(score, worth.get(snippet, 0.0))
    return worth


def _best(
    worth: dict[Snippet, float], stretches: Sequence[frozenset[str]], limits: Limits
) -> tuple[Snippet, ...]:
    """Take the best ones that fit, one after the other."""
    chosen: list[Snippet] = []
    taken = list(stretches)
    left = limits.budget
    for snippet in sorted(worth, key=lambda one: (-worth[one], one.path, one.text)):
        if len(chosen) == MOST:
            break
        words = _words(snippet.text)
        if any(_alike(words, other) for other in taken):
            continue
        cost = _cost(snippet, limits.count)
        if cost <= left:
            left -= cost
            chosen.append(snippet)
            taken.append(words)
    return tuple(sorted(chosen, key=lambda one: (one.path, one.line, one.text)))


def _fits(snippets: Sequence[Snippet], stretches: Sequence[frozenset[str]], limits: Limits) -> bool:
    """Whether an earlier choice keeps to the limits."""
    if sum(_cost(snippet, limits.count) for snippet in snippets) > limits.budget:
        return False
    for snippet in snippets:
        words = _words(snippet.text)
        if snippet.path == limits.path or not limits.allowed(snippet.path):
            return False
        if any(_alike(words, other) for other in stretches):
            return False
    return True


def _cost(snippet: Snippet, count: Count) -> int:
    return count(snippet.path) + count(snippet.text) + _HEADER_TOKENS


def _stretches(lines: Sequence[str]) -> Iterator[frozenset[str]]:
    """The words of overlapping stretches of a text, each about as long as a snippet."""
    words = [_WORD.findall(line) for line in lines]
    for first in range(0, max(1, len(words) - _STRIDE), _STRIDE):
        stretch = words[first : first + 2 * _STRIDE]
        yield frozenset(word for line in stretch for word in line)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))


def _alike(words: frozenset[str], others: frozenset[str]) -> bool:
    """Whether more than half of all words are in both, or the others hold nearly all of them."""
    shared = len(words & others)
    return shared > _ALIKE * (len(words) + len(others) - shared) or shared > _HELD * len(words)
