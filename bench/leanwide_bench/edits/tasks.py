"""Edits to ask for: a file, lines of it, and what is to be done with them."""

from __future__ import annotations

import enum
import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from types import MappingProxyType
from typing import Final

from attrs import evolve, field, frozen

from leanwide.context.view import with_lf
from leanwide.syntax import (
    Definition,
    Language,
    Position,
    SyntaxTree,
    definitions,
    documentation_runs,
    documentation_start,
    error_count,
    language_for,
    parse,
    split,
)
from leanwide_bench.edits.mistakes import misspelt_name, misspelt_word, untyped_parameters

_LINES: Final = range(4, 31)
"""Lines of a selection."""
_MAX_CHARACTERS: Final = 60_000
"""Of a file."""
_FUNCTIONS: Final = frozenset({"function", "method"})


class EditKind(enum.StrEnum):
    """What is asked for."""

    SIMPLIFY = enum.auto()
    DOCUMENT = enum.auto()
    FIX = enum.auto()
    ANNOTATE = enum.auto()
    TEST = enum.auto()
    SHORTEN = enum.auto()
    """Prose, with fewer words."""
    SPELLING = enum.auto()
    """Prose, without a misspelt word."""


INSTRUCTIONS: Final[Mapping[EditKind, str]] = MappingProxyType(
    {
        EditKind.SIMPLIFY: "Simplify this code without changing what it does.",
        EditKind.DOCUMENT: "Add documentation, and change nothing else.",
        EditKind.FIX: "Fix this code.",
        EditKind.ANNOTATE: "Add type annotations to every parameter, and change nothing else.",
        EditKind.TEST: "Write a test for this code.",
        EditKind.SHORTEN: "Shorten this text, and keep its headings and code blocks.",
        EditKind.SPELLING: "Correct the spelling, and change nothing else.",
    }
)

_CODE: Final = (EditKind.SIMPLIFY, EditKind.DOCUMENT, EditKind.FIX, EditKind.TEST)
_KINDS: Final[Mapping[str, tuple[EditKind, ...]]] = MappingProxyType(
    {
        "python": (*_CODE, EditKind.ANNOTATE),
        "javascript": _CODE,
        "go": _CODE,
        "rust": _CODE,
        "markdown": (EditKind.SHORTEN, EditKind.SPELLING),
    }
)
LANGUAGES: Final = tuple(_KINDS)
"""Languages whose edits are drawn, by name."""


@frozen(kw_only=True)
class EditTask:
    """One edit of one file."""

    kind: EditKind
    name: str
    """The file's, made unique; a test can import it."""
    language: str
    text: str
    """Of the file, with LF endings, with the mistake in it."""
    first: int
    last: int
    """The selected lines, from 0, ``last`` not included."""
    definition: str
    """The name of what is selected."""
    mistake: str = ""
    """The misspelt name or word that was put in; "" if none was."""
    mistake_at: Position | None = None
    truth: str = ""
    """What stood in its place."""
    key: str = field(init=False)
    """Names the task in results."""

    @key.default
    def _key(self) -> str:
        whole = f"{self.kind}\0{self.name}\0{self.first}\0{self.last}\0{self.text}"
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    @property
    def lines(self) -> list[str]:
        """The selected lines, with their endings."""
        return split(self.text)[self.first : self.last]

    @property
    def instruction(self) -> str:
        """What is asked for, in words."""
        return INSTRUCTIONS[self.kind]


def draw(folder: Path, counts: Mapping[str, int], seed: int) -> list[EditTask]:
    """Return tasks of the files below a folder; the same seed draws the same ones.

    Args:
        folder: Sources of any of :data:`LANGUAGES`.
        counts: The number of tasks by language; fewer are drawn where the files have no more. The
            kinds take turns, and begin with another one in the next language.
        seed: Another one draws other places.
    """
    drawn: list[EditTask] = []
    for language, count in counts.items():
        chance = random.Random(f"{seed} {language}")  # noqa: S311  # no secret
        places = list(_places(folder, language))
        chance.shuffle(places)
        kinds, begin = _KINDS[language], 2 * LANGUAGES.index(language)
        turned = [kinds[(begin + at) % len(kinds)] for at in range(len(kinds))]
        drawn += _assigned(places, turned, count)
    return [evolve(task, name=_unique(task.name, at)) for at, task in enumerate(drawn)]


def _unique(name: str, number: int) -> str:
    """Return a file's name with a number behind its stem: no module begins with one."""
    path = Path(name)
    return f"{path.stem}_{number}{path.suffix}"


@frozen
class _TaskPlace:
    file: Path
    tree: SyntaxTree
    definition: Definition


def _assigned(
    places: Sequence[_TaskPlace], kinds: Sequence[EditKind], count: int
) -> Iterator[EditTask]:
    """Yield a task of each kind in turn, each at another place that is fit for it."""
    left, made, missing = list(places), 0, 0
    for kind in cycle(kinds):
        if made == count or missing == len(kinds):
            return
        task = next(
            ((place, task) for place in left if (task := _MAKE[kind](place, kind)) is not None),
            None,
        )
        if task is None:
            missing += 1
            continue
        left.remove(task[0])
        made, missing = made + 1, 0
        yield task[1]


def _places(folder: Path, language: str) -> Iterator[_TaskPlace]:
    """Yield functions, or sections of prose, in files that parse."""
    for file in sorted(folder.rglob("*")):
        known = language_for("", str(file)) if file.is_file() else None
        if known is None or known.name != language or file.stat().st_size > _MAX_CHARACTERS:
            continue
        tree = _parsed(file, known)
        if tree is None:
            continue
        for found in definitions(tree):
            wanted = found.kind in _FUNCTIONS or language == "markdown"
            size = found.end.line + 1 - found.start.line
            if wanted and size in _LINES and not _is_test(found):
                yield _TaskPlace(file, tree, found)


def _is_test(definition: Definition | None) -> bool:
    """Whether a definition is a test, or in a module of tests."""
    while definition is not None:
        if definition.name.lower().startswith("test"):
            return True
        definition = definition.parent
    return False


def _parsed(file: Path, language: Language) -> SyntaxTree | None:
    try:
        text = with_lf(file.read_text("utf-8"))
    except UnicodeDecodeError:
        return None
    tree = parse(language, split(text))
    return tree if not error_count(tree) else None


def _plain(place: _TaskPlace, kind: EditKind) -> EditTask | None:
    found = place.definition
    return EditTask(
        kind=kind,
        name=place.file.name,
        language=place.tree.language.name,
        text="".join(place.tree.lines),
        first=found.start.line,
        last=found.end.line + 1,
        definition=found.name,
    )


def _undocumented(place: _TaskPlace, kind: EditKind) -> EditTask | None:
    task, tree = _plain(place, kind), place.tree
    if task is None or documentation_runs(tree, task.first, task.last):
        return None
    return task if documentation_start(tree, task.first) == task.first else None


def _broken(place: _TaskPlace, kind: EditKind) -> EditTask | None:
    task = _plain(place, kind)
    found = place.definition
    put_in = misspelt_word if kind is EditKind.SPELLING else misspelt_name
    mistake = put_in(place.tree, found.start.line, found.end.line + 1)
    if task is None or mistake is None:
        return None
    lines = list(place.tree.lines)
    at, old, new = mistake.at, mistake.truth, mistake.text
    line = lines[at.line]
    lines[at.line] = line[: at.column] + new + line[at.column + len(old) :]
    return evolve(task, text="".join(lines), mistake=new, mistake_at=at, truth=old)


def _untyped(place: _TaskPlace, kind: EditKind) -> EditTask | None:
    task = _plain(place, kind)
    if task is None or not untyped_parameters(place.tree, task.first, task.last):
        return None
    return task


def _topmost(place: _TaskPlace, kind: EditKind) -> EditTask | None:
    found = place.definition
    public = found.level == 0 and not found.name.startswith("_")
    return _plain(place, kind) if public and found.name != "main" else None


_MAKE: Final[Mapping[EditKind, Callable[[_TaskPlace, EditKind], EditTask | None]]] = (
    MappingProxyType(
        {
            EditKind.SIMPLIFY: _plain,
            EditKind.DOCUMENT: _undocumented,
            EditKind.FIX: _broken,
            EditKind.ANNOTATE: _untyped,
            EditKind.TEST: _topmost,
            EditKind.SHORTEN: _plain,
            EditKind.SPELLING: _broken,
        }
    )
)
