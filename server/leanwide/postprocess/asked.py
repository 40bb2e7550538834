"""What of an answer was asked for: taken out of the file, class or function it is wrapped in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from attrs import frozen

from leanwide.context.passage import Passage
from leanwide.postprocess.asked_block import block_asked, without_imports
from leanwide.postprocess.overlap import repeated_lines
from leanwide.postprocess.passage_place import (
    FUNCTIONS,
    Asked,
    PassagePlace,
    counterparts,
    new_imports,
    parsed_answer,
    place_of,
)
from leanwide.postprocess.repeated import (
    holds,
    kept_comments,
    only_definitions,
    repeated_parts,
    repeats,
    repeats_member,
    same_name,
)
from leanwide.syntax import (
    Definition,
    Position,
    ScopePart,
    Scopes,
    Span,
    SyntaxTree,
    announced_start,
    content,
    import_statements,
    split,
)

_SHOWN_CHARACTERS: Final = 60
"""Characters of what is not wanted, in a sentence about it."""


def asked_for(file: SyntaxTree, passage: Passage, code: str) -> Asked:
    """Return what of the model's code belongs in the place of the passage.

    Imports, package lines and heads that stand in the file already are left out, and so is the
    unchanged rest of the file. What is new and has no place in the passage is a problem.
    """
    if not file.language.containers:
        return Asked(code=code)
    place = place_of(Scopes.of(file), passage)
    answer = parsed_answer(place, code)
    if answer.given_up:
        return Asked(code=code)
    if place.is_block:
        asked = block_asked(place, Scopes.of(answer), code)
    elif place.cuts:
        asked = without_imports(place, code)
    else:
        asked = Taking(place, Scopes.of(answer), code).asked()
    if line := _lost(place, answer, code, asked):
        why = f"Only the selected lines were asked for, and `{line}` stands outside of them."
        return Asked(code=code, problem=why)
    return asked


def _lost(place: PassagePlace, answer: SyntaxTree, code: str, asked: Asked) -> str:
    """Return a line that only the passage has, and the answer too, but not what is taken of it.

    Imports at the top of the answer are not lost: the file has them, or gets them.
    """
    if asked.problem or asked.code == code:
        return ""
    first, last = place.passage.first, place.passage.last
    rows = [line.strip() for line in place.scopes.tree.lines]
    around = {*rows[:first], *rows[last:]}
    taken = {line.strip() for text in (asked.code, *asked.imports) for line in text.split("\n")}
    top = {
        row
        for one in import_statements(answer)
        if one.at_top
        for row in range(one.span.start.line, one.span.end.line + 1)
    }
    said = {line.strip() for row, line in enumerate(answer.lines) if row not in top} - taken
    lost = (row for row in rows[first:last] if row in said and row not in around)
    return next((row for row in lost if any(map(str.isalnum, row))), "")[:_SHOWN_CHARACTERS]


@frozen
class Taking:
    """Takes definitions, or statements outside of functions, out of an answer."""

    place: PassagePlace
    answer: Scopes
    code: str

    def asked(self) -> Asked:
        """Return what belongs in the place of the passage."""
        scope = self.scope()
        whole = self.answer.pieces(scope)
        pieces = self._unwrapped(whole)
        kept = self.kept(pieces)
        problem = self._problem(scope, pieces, kept)
        if problem:
            return Asked(code=self.code, problem=problem)
        if scope is None and kept == list(whole):
            return Asked(code=self.code)
        if not kept:
            return Asked(code=self.code, problem=self._only())
        imports = () if self._imports_itself() else new_imports(self.place, self.answer, kept)
        return Asked(code=self._text(kept), imports=imports)

    def scope(self) -> Definition | None:
        """Return the definition of the answer in whose body the passage is; None: in none."""
        found = self.answer.definitions
        if self.place.owner is not None and found and found[0].name == "Leanwide":
            return found[0]
        wrappers = list(counterparts(self.place, found))
        names = self._target_names()
        holding = [
            wrapper
            for wrapper in wrappers
            if any(one.parent is wrapper and one.name in names for one in found)
        ]
        at_top = any(one.parent is None and one.name in names for one in found)
        if holding:
            return holding[0]
        return None if at_top or not wrappers else wrappers[0]

    def _target_names(self) -> frozenset[str]:
        return frozenset(one.name for one in self.place.targets)

    def _unwrapped(self, pieces: Sequence[ScopePart]) -> Sequence[ScopePart]:
        """Return pieces; where the passage is in a branch, its definitions for those around them.

        An ``if`` around a definition, or an ``#ifdef``, is no definition itself.
        """
        targets = [one for one in self.place.targets if self._is_in_branch(one)]
        if not targets:
            return pieces
        names = {one.name for one in targets}
        return [
            inner
            for piece in pieces
            for inner in (
                (piece,)
                if piece.definition is not None and piece.definition.name in names
                else (*filter(None, (self._inside(piece, one) for one in targets)),) or (piece,)
            )
        ]

    def _is_in_branch(self, target: Definition) -> bool:
        """Whether a definition is in a statement that begins or ends outside of the passage."""
        return any(
            piece.definition != target
            and piece.span.holds(target.span)
            and any(self.place.code_around(piece.span))
            for piece in self.place.scopes.pieces(self.place.owner)
        )

    def _inside(self, piece: ScopePart, target: Definition) -> ScopePart | None:
        """Return the definition in a piece that is most like a target; None without one."""
        named = [
            ScopePart(
                span=self.answer.with_ending(self._announced(one)),
                tokens=self.answer.tokens(one.span),
                definition=one,
            )
            for one in self.answer.definitions
            if (one.name, one.kind) == (target.name, target.kind) and piece.span.holds(one.span)
        ]
        words = self.place.scopes.words(target.span)
        return max(named, key=lambda one: len(words.intersection(one.tokens)), default=None)

    def _announced(self, definition: Definition) -> Span:
        """Return the span of a definition with the comments and attributes above it."""
        row = announced_start(self.answer.tree, definition.start.line)
        start = Position(row, 0) if row < definition.start.line else definition.start
        return self.answer.with_comments(Span(start, definition.end))

    def kept(self, pieces: Sequence[ScopePart]) -> list[ScopePart]:
        """Return what belongs in the passage, in its order."""
        repeated = repeated_parts(self.place, pieces)
        kept = [
            piece
            for piece in pieces
            if piece not in repeated
            and not piece.is_comment
            and (piece.imported is None or self._imports_itself())
        ]
        twins = frozenset(self._twins(pieces, kept))
        kept = [piece for piece in kept if piece not in twins]
        comments = kept_comments(self.place, self.answer, pieces, kept)
        return sorted((*kept, *comments), key=lambda piece: piece.span)

    def _twins(self, pieces: Sequence[ScopePart], kept: Sequence[ScopePart]) -> Iterator[ScopePart]:
        """Yield definitions of a target's name that stand outside of the passage as they are."""
        names = Counter(piece.definition.name for piece in pieces if piece.definition is not None)
        known = list(self.place.outside(self.place.owner))
        own = self.place.tokens
        for piece in kept:
            if piece.definition is None or names[piece.definition.name] == 1:
                continue
            if not holds(own, piece.tokens) and any(
                same_name(piece, one) and piece.tokens == one.tokens for one in known
            ):
                yield piece

    def _imports_itself(self) -> bool:
        """Whether the passage holds imports: then those of the answer belong in it."""
        first, last = self.place.passage.first, self.place.passage.last
        return any(
            first <= piece.span.start.line < last and piece.imported is not None
            for piece in self.place.scopes.pieces(self.place.owner)
        )

    def _problem(
        self, scope: Definition | None, pieces: Sequence[ScopePart], kept: Sequence[ScopePart]
    ) -> str:
        siblings = {
            piece.definition.name
            for piece in self.place.outside(self.place.owner)
            if piece.definition is not None
        }
        names = self._target_names()
        if not names:
            return ""
        defined = [piece.definition.name for piece in kept if piece.definition is not None]
        fresh = [name for name in defined if name not in siblings]
        if len(kept) < len(pieces) or scope is not None:
            for name in defined:
                if name in siblings - names:
                    return self._only(f"`{name}` is changed too")
        if not fresh and not any(
            name in self.answer.text(piece.span) for piece in kept for name in names
        ):
            one = self.place.targets[0]
            return f"The {_kind(one)} `{one.name}` is missing."
        if extra := next(self._extras(kept), None):
            return self._only(f"`{extra}` is no part of it")
        if extra := next(self._strangers(scope), None):
            return self._only(f"`{extra}` stands outside")
        return ""

    def _extras(self, kept: Sequence[ScopePart]) -> Iterator[str]:
        """Yield statements below the definitions, such as an example of their use."""
        if self.place.owner is not None or not only_definitions(self.place):
            return
        last = max(
            (at for at, piece in enumerate(kept) if piece.definition is not None), default=-1
        )
        for piece in kept[last + 1 :] if last >= 0 else ():
            if piece.parses and not piece.is_comment:
                yield self._line(piece)

    def _strangers(self, scope: Definition | None) -> Iterator[str]:
        """Yield what is new around the scope that the passage is in."""
        known = [
            (piece, repeats if level is None else repeats_member)
            for level in (None, *self.place.around)
            for piece in self.place.outside(level)
        ]
        inner = scope
        while inner is not None and inner.name != "Leanwide":
            for piece in self.answer.pieces(inner.parent):
                if piece.definition is inner or piece.is_comment or not piece.parses:
                    continue
                if piece.imported is None and not any(same(piece, one) for one, same in known):
                    yield self._line(piece)
            inner = inner.parent

    def _line(self, piece: ScopePart) -> str:
        return self.answer.tree.lines[piece.span.start.line].strip()[:_SHOWN_CHARACTERS]

    def _only(self, why: str = "") -> str:
        targets = self.place.targets
        wanted = (
            f"the {_kind(targets[0])} `{targets[0].name}` was"
            if len(targets) == 1
            else "the selected code was"
        )
        return f"Only {wanted} asked for{f': {why}' if why else ''}."

    def _text(self, kept: Sequence[ScopePart]) -> str:
        """Return the text of what is kept, with a blank line where something is left out."""
        rows: list[str] = []
        end: Position | None = None
        for span in self._runs(kept):
            if end is not None and span.start.line - end.line > 1:
                rows.append("")
            rows += [content(line) for line in split(self.answer.text(span))]
            end = span.end
        # The answer may begin with lines that stand right above the passage, as its comment.
        first, lines = self.place.passage.first, self.place.scopes.tree.lines
        above = [line.strip() for line in lines[max(0, first - len(rows)) : first]]
        own = [line.strip() for line in lines[first : self.place.passage.last]]
        repeated = repeated_lines(above, own, [row.strip() for row in rows])
        return "\n".join(rows[min(repeated, len(rows) - 1) :])

    def _runs(self, kept: Sequence[ScopePart]) -> Iterator[Span]:
        """Yield the spans of parts that only white space separates."""
        run: Span | None = None
        for span in (piece.span for piece in kept):
            if run is None:
                run = span
            elif self.answer.tree.text(Span(run.end, span.start)).strip():
                yield run
                run = span
            else:
                run = Span(run.start, span.end)
        if run is not None:
            yield run


def _kind(definition: Definition) -> str:
    inside = definition.parent is not None and definition.parent.kind not in (
        "module",
        *FUNCTIONS,
    )
    return "method" if definition.kind == "function" and inside else definition.kind
