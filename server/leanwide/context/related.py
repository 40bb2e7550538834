"""Chooses the few snippets of other files in front of the window. Pure.

Every other choice means a prefill of the whole prompt. So a choice stays while it is nearly as good
as another one, and its order depends only on the files. Most snippets do not help: an empty choice
is a good one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Final

from attrs import evolve, field, frozen

from leanwide.context.recent_edits import EditedPlace
from leanwide.context.snippet import Snippet
from leanwide.context.view import View
from leanwide.context.window import Count, Related
from leanwide.syntax import Position, Span, SyntaxTree, references

MAX_SNIPPETS: Final = 4
"""Snippets in a prompt."""
_REACH: Final = 20
"""Lines above and below the cursor in which names are looked for."""
_MAX_JACCARD: Final = 0.5
"""Share of all words that two texts may have in common: with more they are duplicates."""
_MAX_CONTAINMENT: Final = 0.9
"""Share of a snippet's words that another text may contain: with more it is a duplicate."""
_STRIDE: Final = 6
"""Lines from one stretch of the text at the cursor to the next; stretches are twice as long."""
_HEADER_TOKENS: Final = 4
"""Tokens around a snippet and its path in a prompt."""
_SWITCH_FACTOR: Final = 1.5
"""A choice must score this many times the previous one to replace it."""
_WORD: Final = re.compile(r"\w+")

_DEFINITION, _EDIT, _COUNTERPART = 1.0, 0.6, 0.5
"""Score of the first candidate of each kind."""
_RANK_DECAY: Final = 0.85
"""Score of the next candidate of a kind, as a share of the one before."""


@frozen
class Candidates:
    """The snippets to choose from, the best of each kind first."""

    definitions: tuple[Snippet, ...] = ()
    """Of names near the cursor, the nearest name first."""
    edits: tuple[EditedPlace, ...] = ()
    """Newest first."""
    counterparts: tuple[Snippet, ...] = ()
    """Outlines of the tests of this implementation, or of the implementation of these tests."""

    def scored(self) -> Iterator[tuple[Snippet, float]]:
        """Yield every candidate with its score."""
        edits = tuple(Snippet(place.path, place.text, place.line) for place in self.edits)
        kinds = ((self.definitions, _DEFINITION), (edits, _EDIT), (self.counterparts, _COUNTERPART))
        for snippets, best in kinds:
            for rank, snippet in enumerate(snippets):
                yield snippet, best * _RANK_DECAY**rank


@frozen(kw_only=True)
class Limits:
    """The limits of a choice."""

    path: str
    """The cursor's file, relative to the workspace root, POSIX: it is not chosen from."""
    around: Sequence[str]
    """The lines around the cursor in the window: snippets that repeat them are left out."""
    budget: int
    """Tokens for all snippets and all paths."""
    count: Count
    allowed: Callable[[str], bool] = field(default=lambda _: True)
    """Whether a path may still be shown: its file exists and is not excluded."""


def names_near(view: View, tree: SyntaxTree) -> tuple[str, ...]:
    """Return the names used around the cursor and not bound there, nearest first."""
    first, last = max(0, view.line - _REACH), view.line + _REACH
    span = Span(tree.clamp((first, 0)), tree.clamp((last, 0)))
    return references(tree, span, near=Position(view.line, view.column))


def lines_near(view: View) -> Sequence[str]:
    """Return the lines around the cursor that snippets are compared with."""
    return view.lines[max(0, view.line - 2 * _REACH) : view.line + _REACH]


def texts_to_count(candidates: Candidates, path: str) -> Iterator[str]:
    """Yield the texts whose tokens :func:`choose_related` counts."""
    yield path
    for snippet, _ in candidates.scored():
        yield snippet.path
        yield snippet.text


def choose_related(candidates: Candidates, previous: Related, limits: Limits) -> Related:
    """Return the choice of :func:`choose` with its number of tokens."""
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
    """Return at most :data:`MAX_SNIPPETS` snippets within the budget, by path and position.

    The previous choice stays while it is within the limits and no other is clearly better.
    """
    scores: dict[Snippet, float] = {}
    for snippet, score in candidates.scored():
        if snippet.text and snippet.path != limits.path and limits.allowed(snippet.path):
            scores[snippet] = max(score, scores.get(snippet, 0.0))
    stretches = tuple(_stretches(limits.around))
    best = _best(scores, stretches, limits)
    if previous and set(previous) != set(best) and _fits(previous, stretches, limits):
        before = sum(scores.get(snippet, 0.0) for snippet in previous)
        if sum(scores[snippet] for snippet in best) < _SWITCH_FACTOR * max(before, _COUNTERPART):
            return previous
    return best


def _best(
    scores: dict[Snippet, float], stretches: Sequence[frozenset[str]], limits: Limits
) -> tuple[Snippet, ...]:
    """Take the highest scores that fit and do not repeat each other."""
    chosen: list[Snippet] = []
    taken = list(stretches)
    left = limits.budget
    for snippet in sorted(scores, key=lambda found: (-scores[found], found.path, found.text)):
        if len(chosen) == MAX_SNIPPETS:
            break
        words = _words(snippet.text)
        if any(_is_repeated(words, other) for other in taken):
            continue
        cost = _cost(snippet, limits.count)
        if cost <= left:
            left -= cost
            chosen.append(snippet)
            taken.append(words)
    return tuple(sorted(chosen, key=attrgetter("path", "line", "text")))


def _fits(snippets: Sequence[Snippet], stretches: Sequence[frozenset[str]], limits: Limits) -> bool:
    """Whether an earlier choice is still within the limits."""
    if sum(_cost(snippet, limits.count) for snippet in snippets) > limits.budget:
        return False
    for snippet in snippets:
        words = _words(snippet.text)
        if snippet.path == limits.path or not limits.allowed(snippet.path):
            return False
        if any(_is_repeated(words, other) for other in stretches):
            return False
    return True


def _cost(snippet: Snippet, count: Count) -> int:
    return count(snippet.path) + count(snippet.text) + _HEADER_TOKENS


def _stretches(lines: Sequence[str]) -> Iterator[frozenset[str]]:
    """Yield the words of overlapping stretches of a text, each about as long as a snippet."""
    words = [_WORD.findall(line) for line in lines]
    for first in range(0, max(1, len(words) - _STRIDE), _STRIDE):
        stretch = words[first : first + 2 * _STRIDE]
        yield frozenset(word for line in stretch for word in line)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))


def _is_repeated(words: frozenset[str], others: frozenset[str]) -> bool:
    """Whether most words are in both texts, or nearly all ``words`` in the other one."""
    shared = len(words & others)
    union = len(words) + len(others) - shared
    return shared > _MAX_JACCARD * union or shared > _MAX_CONTAINMENT * len(words)
