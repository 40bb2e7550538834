"""The index at one moment. Immutable, so that any thread may read it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
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
        files = dict(self.files)
        old = [files.pop(path) for path in changes if path in files]
        new = [entry for entry in changes.values() if entry is not None]
        files.update({entry.path: entry for entry in new})
        names = _updated(self.names, _by_name(old), _by_name(new), attrgetter("path"), changes)
        topics = _updated(self.topics, _by_topic(old), _by_topic(new), str, changes)
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
    return IndexSnapshot(
        files,
        {name: tuple(found) for name, found in _by_name(files.values()).items()},
        {about: tuple(found) for about, found in _by_topic(files.values()).items()},
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


def _by_name(entries: Iterable[FileEntry]) -> Mapping[str, Sequence[Located]]:
    """Return the definitions in files by their names, in the order of the files."""
    names: defaultdict[str, list[Located]] = defaultdict(list)
    for entry in entries:
        for symbol in entry.symbols:
            names[symbol.name].append(Located(entry.path, symbol))
    return names


def _by_topic(entries: Iterable[FileEntry]) -> Mapping[str, Sequence[str]]:
    """Return the paths of files by their topics, in the order of the files."""
    topics: defaultdict[str, list[str]] = defaultdict(list)
    for entry in entries:
        if not entry.left_out:
            topics[topic(entry.path)].append(entry.path)
    return topics


def _updated(
    known: Mapping[str, tuple[T, ...]],
    old: Mapping[str, Sequence[T]],
    new: Mapping[str, Sequence[T]],
    path_of: Callable[[T], str],
    changed: Container[str],
) -> Mapping[str, tuple[T, ...]]:
    """Return what is known by key, ordered by path, with the new in place of the old.

    Args:
        known: All that is known, by key.
        old: What changed files had, by key.
        new: What they have now, by key.
        path_of: Returns the path of the file that something is in.
        changed: The paths of these files.
    """
    updated = dict(known)
    for key in old.keys() | new.keys():
        kept = [item for item in updated.pop(key, ()) if path_of(item) not in changed]
        if found := (*kept, *new.get(key, ())):
            updated[key] = tuple(sorted(found, key=path_of))
    return updated
