"""Which parts of an answer repeat what stands around the passage in its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from leanwide.postprocess.overlap import repeated_lines
from leanwide.postprocess.passage_place import PassagePlace
from leanwide.syntax import ScopePart, Scopes, content


def repeated_parts(place: PassagePlace, parts: Sequence[ScopePart]) -> frozenset[ScopePart]:
    """Return the definitions and statements of an answer that stand in the file already.

    What the passage holds as well is part of the edit, and so is a statement that may be new there:
    between others, the same statement may be wanted twice. Imports and comments are not judged.

    Args:
        place: Where the passage stands.
        parts: What stands in the answer, on the passage's level.
    """
    targets = frozenset(one.name for one in place.targets)
    code = [one for one in parts if _is_code(one)]
    known = [one for one in place.outside(place.owner) if _is_code(one)]
    same = repeats if place.owner is None else repeats_member
    if only_definitions(place):
        return frozenset(
            part
            for part in code
            if (part.definition is None or part.definition.name not in targets)
            and any(same(part, one) for one in known)
        )
    own = place.tokens
    siblings = {
        part
        for part in code
        if part.definition is not None
        and part.definition.name not in targets
        and not holds(own, part.tokens)
        and any(same(part, one) for one in known)
    }
    statements = [part for part in code if part not in siblings]
    return frozenset((*siblings, *_around(place, statements)))


def repeats(part: ScopePart, other: ScopePart) -> bool:
    """Whether an answer's part is a part of the file: a definition may be left out in part."""
    if part.definition is not None:
        return repeats_member(part, other)
    return same_name(part, other) and part.tokens == other.tokens


def repeats_member(part: ScopePart, other: ScopePart) -> bool:
    """Whether an answer's member of a class is one of the file, of which some may be left out."""
    same = part.tokens == other.tokens or _is_subsequence(part.words, other.words)
    return same_name(part, other) and same


def same_name(part: ScopePart, other: ScopePart) -> bool:
    """Whether two parts may be the same: both define one name, or none."""
    names = [one.definition.name if one.definition is not None else None for one in (part, other)]
    return names[0] == names[1]


def only_definitions(place: PassagePlace) -> bool:
    """Whether the passage holds definitions and nothing else."""
    return bool(place.targets) and all(
        part.definition is not None or part.is_comment
        for part in place.scopes.pieces(place.owner)
        if place.passage.first <= part.span.start.line < place.passage.last
    )


def kept_comments(
    place: PassagePlace, answer: Scopes, parts: Sequence[ScopePart], kept: Sequence[ScopePart]
) -> Iterator[ScopePart]:
    """Yield the comments of an answer that belong in the passage.

    They stand there, or are new in front of something that is kept.

    Args:
        place: Where the passage stands.
        answer: The answer.
        parts: What stands in it, on the passage's level.
        kept: Those parts that are kept for sure, in their order.
    """
    first, last = place.passage.first, place.passage.last
    lines = [line.strip() for line in place.scopes.tree.lines]
    inside, outside = set(lines[first:last]), {*lines[:first], *lines[last:]}
    chosen = frozenset(kept)
    for at, part in enumerate(parts):
        if not part.is_comment:
            continue
        text = [content(line).strip() for line in answer.text(part.span).splitlines()]
        if inside.issuperset(text):
            yield part
        elif not outside.issuperset(text):
            above = next((one for one in reversed(parts[:at]) if not one.is_comment), None)
            below = next((one for one in parts[at:] if not one.is_comment), None)
            if (above is None or above in chosen or above.imported is not None) and (
                below is None or below in chosen
            ):
                yield part


def _around(place: PassagePlace, statements: Sequence[ScopePart]) -> Iterator[ScopePart]:
    """Yield statements at both ends of an answer that stand right above and below the passage.

    Above it, what binds a name may also stand farther off: questions show constants.
    """
    around = [part for part in place.outside(place.owner) if _is_code(part)]
    above = [one.tokens for one in around if one.span.start.line < place.passage.first]
    below = [one.tokens for one in around if one.span.start.line >= place.passage.last]
    parts = set(place.scopes.pieces(place.owner)).difference(around)
    own = [part.tokens for part in parts]
    texts = [part.tokens for part in statements]
    bound = {one for one in above if "=" in one and not holds(place.tokens, one)}
    shown = sum(1 for _ in takewhile(bound.__contains__, texts))
    head = max(shown, repeated_lines(above, own, texts))
    tail = repeated_lines(below[::-1], own, texts[head:][::-1])
    yield from statements[:head]
    yield from statements[len(statements) - tail :]


def _is_code(part: ScopePart) -> bool:
    return part.imported is None and part.parses and not part.is_comment


def holds(text: Iterable[str], part: Iterable[str]) -> bool:
    """Whether tokens stand in others without a gap."""
    return f" {' '.join(part)} " in f" {' '.join(text)} "


def _is_subsequence(words: Iterable[str], of: Iterable[str]) -> bool:
    rest = iter(of)
    return all(word in rest for word in words)
