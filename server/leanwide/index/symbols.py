"""The index entry of a file: its definitions with positions and signatures."""

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
from leanwide.files.exclusions import text_exclusion_reason
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

_MAX_SYMBOLS: Final = 2_000
"""Definitions kept of one file."""
_MAX_SIGNATURE: Final = 320
"""Characters kept of a signature, in whole lines."""
_MAX_CALLS: Final = 200
"""Called names kept of one function."""
_CALL: Final = re.compile(r"(?<!\w)([^\W\d]\w{2,}+)\s*+\(")
"""A called name of three characters or more. Querying the tree instead makes indexing the standard
library three times slower, and finds little more."""
_DATA: Final = frozenset({"css", "html", "json", "markdown", "toml", "yaml"})
"""Languages whose names mean nothing in other files."""
_FUNCTIONS: Final = frozenset({"function", "method"})
"""Kinds whose inner definitions are local."""


class Symbol(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A definition. Lines count from 0."""

    name: str
    kind: str
    """As :attr:`leanwide.syntax.Definition.kind`: function, method, class, …"""
    owner: str
    """The name of the definition around it; "" at the top level."""
    signature: str
    """From the start of its first line to the body, decorators included, with LF endings."""
    start: int
    """Its first line."""
    end: int
    """Its last line."""
    body: int
    """The first line of its body; -1 without a body."""
    calls: tuple[str, ...] = ()
    """Names before a parenthesis in a function or method."""


class FileEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The definitions of a file in one state on disk."""

    path: str
    """Relative to the workspace root, POSIX."""
    family: str
    """The language, or the one that it extends: files of one family share names."""
    mtime_ns: int
    size: int
    """In bytes."""
    left_out: bool
    """Whether it is generated, minified or binary, and so has no symbols."""
    symbols: tuple[Symbol, ...]


class Located(msgspec.Struct, frozen=True, gc=False):
    """A definition and the file that it is in."""

    path: str
    """Relative to the workspace root, POSIX."""
    symbol: Symbol


def indexed_language(path: str) -> Language | None:
    """Return the language of a file by its name; None if its definitions are not indexed."""
    name = path.rpartition("/")[2]
    suffix = PurePath(name).suffix
    return _indexed("file" + suffix if suffix else name)


@cache
def family(name: str) -> str:
    """Return the name of the language that a language extends in the end: C for C++."""
    bases = {language.name: language.extends for language in languages()}
    while base := bases.get(name):
        name = base
    return name


def read_symbols(language: Language, lines: Sequence[str]) -> tuple[Symbol, ...] | None:
    """Return the definitions in a text; None where its content is excluded."""
    if text_exclusion_reason("", lines) is not None:
        return None
    return tuple(islice(_symbols(parse(language, lines)), _MAX_SYMBOLS))


@cache
def _indexed(name: str) -> Language | None:
    language = language_for("", name)
    return None if language is None or language.name in _DATA else language


def _symbols(tree: SyntaxTree) -> Iterator[Symbol]:
    for definition in definitions(tree):
        if definition.name and not _is_local(definition):
            yield Symbol(
                name=intern(definition.name),
                kind=intern(definition.kind),
                owner=intern(definition.parent.name) if definition.parent else "",
                signature=_signature(tree, definition),
                start=definition.start.line,
                end=definition.end.line,
                body=definition.body_start.line if definition.body_start else -1,
                calls=_calls(tree, definition),
            )


def _calls(tree: SyntaxTree, definition: Definition) -> tuple[str, ...]:
    """Return the names that a function calls; a class calls none itself, only its methods do."""
    if definition.kind not in _FUNCTIONS or definition.body_start is None:
        return ()
    body = tree.text(Span(definition.body_start, definition.end))
    names = dict.fromkeys(_CALL.findall(body))
    return tuple(map(intern, islice(names, _MAX_CALLS)))


def _is_local(definition: Definition) -> bool:
    """Whether a function is around a definition, so that other files cannot use it."""
    around = definition.parent
    while around is not None:
        if around.kind in _FUNCTIONS:
            return True
        around = around.parent
    return False


def _signature(tree: SyntaxTree, definition: Definition) -> str:
    """Return the head, cut after the last whole line that fits; a single long line is cut."""
    head = Span(Position(definition.start.line, 0), definition.signature_end)
    text = with_lf(tree.text(head))
    if len(text) <= _MAX_SIGNATURE:
        return text
    return text[:_MAX_SIGNATURE].rpartition("\n")[0] or text[:_MAX_SIGNATURE]
