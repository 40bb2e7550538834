"""Where an edited passage stands in its file, and what of an answer corresponds to that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from attrs import frozen

from leanwide.context.passage import Passage
from leanwide.postprocess.importing import lacking
from leanwide.syntax import (
    Definition,
    Position,
    ScopePart,
    Scopes,
    Span,
    SyntaxTree,
    error_count,
    imports,
    parse,
    split,
)

FUNCTIONS: Final = frozenset({"function", "method"})
"""Kinds of definitions whose bodies are statements."""
_BRACES: Final = ("class Leanwide {", "}")
_MEMBER_FRAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "java": _BRACES,
        "javascript": _BRACES,
        "php": _BRACES,
        "tsx": _BRACES,
        "typescript": _BRACES,
    }
)
"""Lines around a member of a class that make it parse, where it does not parse alone."""


@frozen(kw_only=True)
class Asked:
    """What of an answer is meant for the passage."""

    code: str
    imports: tuple[str, ...] = ()
    """Import statements of the answer that the file lacks."""
    problem: str = ""
    """A sentence that says why the answer cannot be used; "" if it can."""


@frozen(kw_only=True)
class PassagePlace:
    """Where the passage stands in its file."""

    scopes: Scopes
    passage: Passage
    around: tuple[Definition, ...]
    """The definitions around it, outermost first."""
    targets: tuple[Definition, ...]
    """The outermost definitions in it."""

    @property
    def owner(self) -> Definition | None:
        """The innermost definition around the passage."""
        return self.around[-1] if self.around else None

    @property
    def is_block(self) -> bool:
        """Whether it is a part of a function's body."""
        return self.owner is not None and self.owner.kind in FUNCTIONS

    @property
    def cuts(self) -> bool:
        """Whether it holds one end of a definition or statement, but not the other."""
        first, last = Position(self.passage.first, 0), Position(self.passage.last, 0)
        for span in (part.span for part in self.scopes.pieces(self.owner)):
            if span.start < last and span.end > first:
                above, below = self.code_around(span)
                inside = Span(max(span.start, first), min(span.end, last))
                if above != below and self.scopes.tokens(inside):
                    return True
        return False

    def code_around(self, span: Span) -> tuple[bool, bool]:
        """Return whether a part that touches the passage has code above it, and below it."""
        first, last = Position(self.passage.first, 0), Position(self.passage.last, 0)
        above = span.start < first and self.scopes.tokens(Span(span.start, first))
        below = span.end > last and self.scopes.tokens(Span(last, span.end))
        return bool(above), bool(below)

    @property
    def tokens(self) -> tuple[str, ...]:
        """Words and other characters of the passage's code."""
        return self.scopes.tokens(
            Span(Position(self.passage.first, 0), Position(self.passage.last, 0))
        )

    def outside(self, scope: Definition | None) -> Iterator[ScopePart]:
        """Yield what stands in a scope of the file, but not in the passage."""
        for piece in self.scopes.pieces(scope):
            if (
                piece.span.end.line < self.passage.first
                or piece.span.start.line >= self.passage.last
            ):
                yield piece


def place_of(scopes: Scopes, passage: Passage) -> PassagePlace:
    """Return where a passage stands in its file."""
    around = [
        one
        for one in scopes.definitions
        if one.start.line < passage.first and one.end.line >= passage.last - 1
    ]
    inside = [
        one
        for one in scopes.definitions
        if one.start.line >= passage.first
        and one.end.line < passage.last
        and not scopes.tree.lines[one.start.line][: one.start.column].strip()
    ]
    outermost = [one for one in inside if not any(one.parent is other for other in inside)]
    return PassagePlace(
        scopes=scopes, passage=passage, around=tuple(around), targets=tuple(outermost)
    )


def parsed_answer(place: PassagePlace, code: str) -> SyntaxTree:
    """Parse an answer, in a class of its own if it is a member that parses in one only."""
    language = place.scopes.tree.language
    plain = unframed_answer(place, code)
    frame = _MEMBER_FRAMES.get(language.name)
    if place.owner is None or frame is None or not (errors := error_count(plain)):
        return plain
    lines = [*plain.lines[: len(plain.lines) - len(split(code))], *split(f"{code}\n")]
    head = _import_rows(plain)
    framed = parse(language, [*lines[:head], f"{frame[0]}\n", *lines[head:], frame[1]])
    return framed if error_count(framed) < errors else plain


def unframed_answer(place: PassagePlace, code: str) -> SyntaxTree:
    """Parse an answer as it is; PHP gets the tag that begins code, on a line of its own."""
    language = place.scopes.tree.language
    head = "<?php\n" if language.name == "php" and "<?" not in code else ""
    return parse(language, split(head + code))


def _import_rows(tree: SyntaxTree) -> int:
    """Return how many first lines are imports, blank ones between them, and PHP's tag."""
    rows = {
        row for one in imports(tree) for row in range(one.span.start.line, one.span.end.line + 1)
    }
    code = (
        row
        for row, line in enumerate(tree.lines)
        if line.strip() and row not in rows and not line.startswith("<?php")
    )
    return next(code, 0)


def counterparts(place: PassagePlace, found: Sequence[Definition]) -> Iterator[Definition]:
    """Yield the definitions of an answer that stand around the passage too, innermost first."""
    for around in reversed(place.around):
        yield from (one for one in found if (one.name, one.kind) == (around.name, around.kind))


def new_imports(
    place: PassagePlace, answer: Scopes, kept: Sequence[ScopePart] = ()
) -> tuple[str, ...]:
    """Return the imports of an answer that the file lacks, but for those in kept parts."""
    left = tuple(part.span for part in kept)
    replaced = range(place.passage.first, place.passage.last)
    return lacking(place.scopes.tree, replaced.start, answer.tree, left, replaced)
