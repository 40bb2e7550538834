"""The known languages: one folder of ``queries/`` each, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module, resources
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import PurePath
from typing import Any, Final, Literal, get_args

import tree_sitter
from attrs import field, frozen

Theme = Literal["definitions", "imports", "references", "scopes"]
"""The query files of a language."""

Blocks = Literal["indent", "braces", "words", "paragraphs"]
"""What ends a block: a dedent, ``}``, a closing word or tag, or a blank line."""

_ROOT: Final = resources.files("leanwide.syntax") / "queries"


def _pairs(pairs: Iterable[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((start, end) for start, end in pairs)


def _strings(values: list[str]) -> frozenset[str]:
    return frozenset(values)


@frozen(kw_only=True)
class Language:
    """A language; the fields are the keys of its ``language.toml``."""

    name: str
    """The name of its folder."""
    ids: frozenset[str] = field(converter=_strings)
    """LSP language identifiers."""
    suffixes: frozenset[str] = field(converter=_strings)
    """File name suffixes, with the dot, lower case."""
    filenames: frozenset[str] = field(converter=_strings, factory=list)
    """Whole file names."""
    extends: str = ""
    """The language whose keys and queries this one starts from."""
    module: str
    """The module of the grammar's wheel."""
    function: str = "language"
    """The function in ``module`` that returns the grammar."""
    comment: str = ""
    """What starts a line comment; empty where there is none."""
    block_comment: tuple[str, ...] = field(converter=tuple, default=())
    """What starts and what ends a block comment."""
    quotes: tuple[str, ...] = field(converter=tuple, default=())
    """Delimiters of strings that end with their line."""
    long_quotes: tuple[tuple[str, str], ...] = field(converter=_pairs, default=())
    """Start and end of strings that span lines."""
    characters: bool = False
    """Whether ``'`` quotes one character only (and may stand alone)."""
    blocks: Blocks
    """What ends a block."""
    opener: str = ""
    """Pattern for a statement that has just opened a block."""
    header: str = ""
    """Pattern for a line that opens a block once the line is left."""
    closer: str = ""
    """Pattern for the start of a line that closes a block at the indentation of its opener."""
    clause: str = ""
    """Pattern for the start of a line that continues a statement at its indentation."""
    prelude: str = ""
    """Pattern for a line that announces a definition, as a decorator does."""
    continues: str = ""
    """Pattern for the end of a line whose statement continues on the next one."""
    macro: str = ""
    """Pattern for the names of macros whose calls may be the heads of blocks."""
    comments: frozenset[str] = field(converter=_strings, factory=list)
    """Node kinds of comments."""
    strings: frozenset[str] = field(converter=_strings, factory=list)
    """Node kinds of strings."""
    indented_strings: bool = False
    """Whether white space in strings counts from the line that a string begins on."""
    embedded: frozenset[str] = field(converter=_strings, factory=list)
    """Node kinds of code inside strings."""
    containers: frozenset[str] = field(converter=_strings, factory=list)
    """Node kinds whose children are statements; empty where a line is a statement."""
    most_levels: int = 0
    """Levels of blocks that the grammar's scanner has memory for: more crash it. 0: any number."""
    import_words: frozenset[str] = field(converter=_strings, factory=list)
    """What a ``@word`` of ``imports.scm`` must read."""

    def grammar(self) -> tree_sitter.Language:
        """Return the grammar, loaded once."""
        return _grammar(self.module, self.function)

    def query(self, theme: Theme) -> tree_sitter.Query:
        """Return the query for ``theme``, compiled once."""
        return _query(self, theme)

    def prepare(self) -> None:
        """Compile every query, about ten milliseconds each, before a keystroke needs one."""
        for theme in get_args(Theme):
            self.query(theme)


@cache
def languages() -> tuple[Language, ...]:
    """Return every language whose grammar is installed, sorted by name."""
    found = (_language(folder.name) for folder in _ROOT.iterdir() if folder.is_dir())
    installed = (language for language in found if find_spec(language.module))
    return tuple(sorted(installed, key=lambda language: language.name))


def language_for(language_id: str, path: str = "") -> Language | None:
    """Return the language by its LSP identifier, else by the file's name; None if unknown."""
    name = PurePath(path.replace("\\", "/")).name
    suffix = PurePath(name).suffix.lower()
    for known, value in (("ids", language_id), ("filenames", name), ("suffixes", suffix)):
        for language in languages():
            if value and value in getattr(language, known):
                return language
    return None


@cache
def _language(name: str) -> Language:
    return Language(name=name, **_keys(name))


@cache
def _keys(name: str) -> dict[str, Any]:
    keys = tomllib.loads(_read(_ROOT / name / "language.toml"))
    if base := keys.get("extends"):
        inherited = {k: v for k, v in _keys(base).items() if k not in ("ids", "filenames")}
        return inherited | keys
    return keys


@cache
def _grammar(module: str, function: str) -> tree_sitter.Language:
    return tree_sitter.Language(getattr(import_module(module), function)())


@cache
def _query(language: Language, theme: Theme) -> tree_sitter.Query:
    return tree_sitter.Query(language.grammar(), _source(language.name, theme))


def _source(name: str, theme: Theme) -> str:
    own = _ROOT / name / f"{theme}.scm"
    text = _read(own) if own.is_file() else ""
    base = _keys(name).get("extends")
    return _source(base, theme) + text if base else text


def _read(file: Traversable) -> str:
    return file.read_text(encoding="utf-8")
