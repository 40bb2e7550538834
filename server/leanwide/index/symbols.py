"""What the index keeps of a file: its definitions, as positions and signatures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import PurePath
from sys import intern
from typing import Final

import msgspec

from leanwide.context.view import with_lf
from leanwide.files.exclusions import why_text
from leanwide.syntax import (
    Definition,
    Language,
    Position,
    Span,
    SyntaxTree,
    definitions,
    language_for,
    languages,
    parse,
)

_MOST: Final = 2_000
"""Definitions of one file that are kept."""
_SIGNATURE: Final = 320
"""Characters of a signature that are kept, in whole lines."""
_MOST_CALLS: Final = 200
"""Names that one function calls and that are kept."""
_CALL: Final = re.compile(r"(?<!\w)([^\W\d]\w{2,}+)\s*+\(")
"""A name of three characters or more, called. Asking the tree instead makes indexing the standard
library three times slower, and finds little more."""
_DATA: Final = frozenset({"css", "html", "json", "markdown", "toml", "yaml"})
"""Languages whose names say nothing in other files."""
_LOCAL: Final = frozenset({"function", "method"})
"""What is defined inside of these is unknown elsewhere."""


class Symbol(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A definition. Lines count from 0."""

    name: str
    kind: str
    """As :attr:`leanwide.syntax.Definition.kind`: function, method, class…"""
    owner: str
    """The name of what it is defined in; "" at the top level."""
    signature: str
    """From the start of its first line to the body, decorators included, with LF endings."""
    start: int
    end: int
    """Its last line."""
    body: int
    """The line where its body starts; -1 without a body."""
    calls: tuple[str, ...] = ()
    """Names that stand before a parenthesis in a function or method."""


class FileEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of a file in one state."""

    path: str
    """Relative to the workspace root, POSIX."""
    family: str
    """The language, or the one that it extends: names are shared within."""
    mtime_ns: int
    size: int
    """In bytes; -1 where the text came from the editor and not from the disk."""
    left_out: bool
    """Whether it is generated, minified or binary: then it has no symbols."""
    symbols: tuple[Symbol, ...]


class Located(msgspec.Struct, frozen=True, gc=False):
    """A definition and the file that it is in."""

    path: str
    """Relative to the workspace root, POSIX."""
    symbol: Symbol


def indexed_language(path: str) -> Language | None:
    """Give the language of a file whose definitions are worth knowing elsewhere, by its name."""
    name = path.rpartition("/")[2]
    suffix = PurePath(name).suffix
    return _indexed("file" + suffix if suffix else name)


@cache
def family(name: str) -> str:
    """Give the language at the bottom of what a language extends: C for C++."""
    bases = {one.name: one.extends for one in languages()}
    while base := bases.get(name):
        name = base
    return name


def read_symbols(language: Language, lines: Sequence[str]) -> tuple[Symbol, ...] | None:
    """Find the definitions in a text; None where it is to be left out."""
    if why_text("", lines) is not None:
        return None
    return tuple(islice(_symbols(parse(language, lines)), _MOST))


@cache
def _indexed(name: str) -> Language | None:
    language = language_for("", name)
    return None if language is None or language.name in _DATA else language


def _symbols(tree: SyntaxTree) -> Iterator[Symbol]:
    for one in definitions(tree):
        if one.name and not _is_local(one):
            yield Symbol(
                name=intern(one.name),
                kind=intern(one.kind),
                owner=intern(one.parent.name) if one.parent else "",
                signature=_signature(tree, one),
                start=one.start.line,
                end=one.end.line,
                body=one.body_start.line if one.body_start else -1,
                calls=_calls(tree, one),
            )


def _calls(tree: SyntaxTree, one: Definition) -> tuple[str, ...]:
    """A class calls nothing itself: its methods do."""
    if one.kind not in _LOCAL or one.body_start is None:
        return ()
    names = dict.fromkeys(_CALL.findall(tree.text(Span(one.body_start, one.end))))
    return tuple(map(intern, islice(names, _MOST_CALLS)))


def _is_local(definition: Definition) -> bool:
    around = definition.parent
    while around is not None:
        if around.kind in _LOCAL:
            return True
        around = around.parent
    return False


def _signature(tree: SyntaxTree, one: Definition) -> str:
    """The head, cut after the last whole line that fits; a single long line is cut."""
    text = with_lf(tree.text(Span(Position(one.start.line, 0), one.signature_end)))
    if len(text) <= _SIGNATURE:
        return text
    return text[:_SIGNATURE].rpartition("\n")[0] or text[:_SIGNATURE]
