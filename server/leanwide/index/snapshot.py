"""The index at one moment. Immutable, so that any thread may read it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from operator import attrgetter
from pathlib import PurePosixPath
from typing import Final, TypeVar

from attrs import field, frozen

from leanwide.index.symbols import FileEntry, Located, family, indexed_language

_MAX_NAMES: Final = 48
"""Names looked up at once."""
_MIN_NAME: Final = 3
"""Characters of a name: shorter ones mean something else everywhere."""
_MAX_DEFINITIONS: Final = 24
"""Definitions of a name that is looked up: with more, it is unclear which one is meant."""
_MAX_PER_NAME: Final = 2
"""Definitions returned for one name, and files for one topic."""
_MAX_DEFINITIONS_FOR_CALLERS: Final = 2
"""Definitions of a name whose callers are searched: with more, a call may mean another one."""
_MAX_CALLERS: Final = 3
"""Callers returned for one definition."""
_TEST: Final = re.compile(r"^[Tt]est[_-]|[_.-](?:tests?|spec)$|(?<=[a-z0-9])(?:Tests?|Spec)$")
"""What marks a test file in its name without the last suffix."""

T = TypeVar("T")


@frozen(eq=False)
class IndexSnapshot:
    """All indexed files with their definitions."""

    files: Mapping[str, FileEntry] = field(factory=dict)
    """Entries by path."""
    names: Mapping[str, tuple[Located, ...]] = field(factory=dict)
    """Definitions by name."""
    topics: Mapping[str, tuple[str, ...]] = field(factory=dict)
    """Paths by :func:`topic`."""

    def replaced(self, changes: Mapping[str, FileEntry | None]) -> IndexSnapshot:
        """Return a snapshot with other entries by path; None removes a file."""
        files, names, topics = dict(self.files), dict(self.names), dict(self.topics)
        gone = {path for path in changes if path in files}
        for path in gone:
            _remove(files.pop(path), gone, names, topics)
        for path, entry in changes.items():
            if entry is not None:
                files[path] = entry
                _add(entry, names, topics)
        return IndexSnapshot(files, names, topics)

    def lookup(self, names: Sequence[str], near: str) -> tuple[Located, ...]:
        """Return definitions of ``names`` for the file ``near``, in the order of the names.

        Of one name, those in the nearest files come first. Names that ``near`` defines itself and
        names with too many definitions are left out.
        """
        entry, own_family = self.files.get(near), self._family(near)
        own_names = {symbol.name for symbol in entry.symbols} if entry else set()
        found: list[Located] = []
        for name in names[:_MAX_NAMES]:
            if len(name) >= _MIN_NAME and name not in own_names:
                found += self._nearest(name, near, own_family)
        return tuple(found)

    def callers(self, name: str, near: str) -> tuple[Located, ...]:
        """Return functions that call what the file ``near`` defines as ``name``, nearest first.

        Empty where the name has too many definitions to tell which one a call means.
        """
        count = len(self.names.get(name, ()))
        if len(name) < _MIN_NAME or count > _MAX_DEFINITIONS_FOR_CALLERS:
            return ()
        own_family = self._family(near)
        found = [
            Located(entry.path, symbol)
            for entry in self.files.values()
            if entry.family == own_family
            for symbol in entry.symbols
            if name in symbol.calls and symbol.name != name
        ]
        found.sort(
            key=lambda caller: (caller.path != near, distance(caller.path, near), caller.path)
        )
        return tuple(found[:_MAX_CALLERS])

    def counterparts(self, near: str) -> tuple[str, ...]:
        """Return the paths of the tests of an implementation or the reverse, and header or source.

        The nearest come first.
        """
        own_family = self._family(near)
        others = (
            path
            for path in self.topics.get(topic(near), ())
            if self.files[path].family == own_family and _is_counterpart(path, near)
        )
        return tuple(sorted(others, key=lambda path: (distance(path, near), path))[:_MAX_PER_NAME])

    def named(self, name: str) -> str | None:
        """Return the path of the one file that a name means: its path, or the end of one."""
        if name in self.files:
            return name
        ending = f"/{name}"
        found = [path for path in self.topics.get(topic(name), ()) if path.endswith(ending)]
        return found[0] if len(found) == 1 else None

    def _family(self, path: str) -> str:
        if (entry := self.files.get(path)) is not None:
            return entry.family
        language = indexed_language(path)
        return family(language.name) if language else ""

    def _nearest(self, name: str, near: str, own_family: str) -> list[Located]:
        definitions = self.names.get(name, ())
        if len(definitions) > _MAX_DEFINITIONS:
            return []
        fit = [
            found
            for found in definitions
            if found.path != near and self.files[found.path].family == own_family
        ]
        if len(fit) > 1:
            fit.sort(key=lambda found: (distance(found.path, near), found.path, found.symbol.start))
        return fit[:_MAX_PER_NAME]


def snapshot_of(entries: Iterable[FileEntry]) -> IndexSnapshot:
    """Return a snapshot of all entries."""
    files = {entry.path: entry for entry in sorted(entries, key=lambda entry: entry.path)}
    names: defaultdict[str, list[Located]] = defaultdict(list)
    topics: defaultdict[str, list[str]] = defaultdict(list)
    for entry in files.values():
        if not entry.left_out:
            topics[topic(entry.path)].append(entry.path)
        for symbol in entry.symbols:
            names[symbol.name].append(Located(entry.path, symbol))
    return IndexSnapshot(
        files,
        {name: tuple(found) for name, found in names.items()},
        {about: tuple(found) for about, found in topics.items()},
    )


def distance(path: str, other: str) -> int:
    """Return the number of steps from one file's folder to the other's."""
    if path.rpartition("/")[0] == other.rpartition("/")[0]:
        return 0
    folders, others = path.split("/")[:-1], other.split("/")[:-1]
    shared = 0
    for name, other_name in zip(folders, others, strict=False):
        if name != other_name:
            break
        shared += 1
    return len(folders) + len(others) - 2 * shared


def topic(path: str) -> str:
    """Return what a file is about: its name without suffix and test mark, in lower case."""
    stem = _stem(path)
    return (_TEST.sub("", stem) or stem).lower()


def _is_counterpart(path: str, other: str) -> bool:
    """Whether one of two files on a topic tests the other, or is its header."""
    if PurePosixPath(path).suffix != PurePosixPath(other).suffix:
        return True
    return bool(_TEST.search(_stem(path))) != bool(_TEST.search(_stem(other)))


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _remove(
    entry: FileEntry,
    gone: AbstractSet[str],
    names: dict[str, tuple[Located, ...]],
    topics: dict[str, tuple[str, ...]],
) -> None:
    for name in {symbol.name for symbol in entry.symbols}:
        left = tuple(found for found in names.get(name, ()) if found.path not in gone)
        _set(names, name, left)
    about = topic(entry.path)
    _set(topics, about, tuple(path for path in topics.get(about, ()) if path not in gone))


def _add(
    entry: FileEntry,
    names: dict[str, tuple[Located, ...]],
    topics: dict[str, tuple[str, ...]],
) -> None:
    added: defaultdict[str, list[Located]] = defaultdict(list)
    for symbol in entry.symbols:
        added[symbol.name].append(Located(entry.path, symbol))
    for name, found in added.items():
        names[name] = tuple(sorted((*names.get(name, ()), *found), key=attrgetter("path")))
    if not entry.left_out:
        about = topic(entry.path)
        topics[about] = tuple(sorted((*topics.get(about, ()), entry.path)))


def _set(mapping: dict[str, tuple[T, ...]], key: str, value: tuple[T, ...]) -> None:
    if value:
        mapping[key] = value
    else:
        mapping.pop(key, None)
