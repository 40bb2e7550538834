"""The index at one moment: immutable, so that any thread may read it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import PurePosixPath
from typing import Final, TypeVar

from attrs import field, frozen

from leanwide.index.symbols import FileEntry, Located, family, indexed_language

_MOST_NAMES: Final = 48
"""Names that are looked up at once."""
_SHORTEST_NAME: Final = 3
"""Characters: shorter names mean something else everywhere."""
_AMBIGUOUS: Final = 24
"""A name with more definitions says nothing about which one is meant."""
_EACH: Final = 2
"""Definitions of one name, and files on one topic, that are given."""
_TELLING: Final = 2
"""A name with more definitions does not tell which of them a caller means."""
_MOST_CALLERS: Final = 3
"""Callers of one definition that are given."""
_TEST: Final = re.compile(r"^[Tt]est[_-]|[_.-](?:tests?|spec)$|(?<=[a-z0-9])(?:Tests?|Spec)$")
"""What marks a file of tests in its name, the last suffix left out."""

T = TypeVar("T")


@frozen(eq=False)
class Snapshot:
    """Files with their definitions, definitions by name, and files by what they are about."""

    files: Mapping[str, FileEntry] = field(factory=dict)
    names: Mapping[str, tuple[Located, ...]] = field(factory=dict)
    topics: Mapping[str, tuple[str, ...]] = field(factory=dict)

    def replaced(self, changes: Mapping[str, FileEntry | None]) -> Snapshot:
        """Give a snapshot in which files are changed; None takes a file out."""
        files, names, topics = dict(self.files), dict(self.names), dict(self.topics)
        gone = {path for path in changes if path in files}
        for path in gone:
            _take_out(files.pop(path), gone, names, topics)
        for path, entry in changes.items():
            if entry is not None:
                files[path] = entry
                _put_in(entry, names, topics)
        return Snapshot(files, names, topics)

    def lookup(self, names: Sequence[str], near: str) -> tuple[Located, ...]:
        """Give definitions of ``names`` for the file ``near``, in the order of the names.

        The nearest files come first. What ``near`` defines itself is left out, and what too many
        files define.
        """
        own, kin = self.files.get(near), self._family(near)
        known = {symbol.name for symbol in own.symbols} if own else set()
        found: list[Located] = []
        for name in names[:_MOST_NAMES]:
            if len(name) >= _SHORTEST_NAME and name not in known:
                found += self._nearest(name, near, kin)
        return tuple(found)

    def callers(self, name: str, near: str) -> tuple[Located, ...]:
        """Give functions that call what the file ``near`` defines as ``name``, the nearest first.

        None where the name does not tell what they mean.
        """
        if len(name) < _SHORTEST_NAME or len(self.names.get(name, ())) > _TELLING:
            return ()
        kin = self._family(near)
        found = [
            Located(entry.path, symbol)
            for entry in self.files.values()
            if entry.family == kin
            for symbol in entry.symbols
            if name in symbol.calls and symbol.name != name
        ]
        found.sort(key=lambda one: (one.path != near, distance(one.path, near), one.path))
        return tuple(found[:_MOST_CALLERS])

    def counterparts(self, near: str) -> tuple[str, ...]:
        """Give the tests of an implementation or the implementation of tests, header and source."""
        kin = self._family(near)
        others = (
            path
            for path in self.topics.get(topic(near), ())
            if self.files[path].family == kin and _is_counterpart(path, near)
        )
        return tuple(sorted(others, key=lambda path: (distance(path, near), path))[:_EACH])

    def _family(self, path: str) -> str:
        if (entry := self.files.get(path)) is not None:
            return entry.family
        language = indexed_language(path)
        return family(language.name) if language else ""

    def _nearest(self, name: str, near: str, kin: str) -> list[Located]:
        all_of_it = self.names.get(name, ())
        if len(all_of_it) > _AMBIGUOUS:
            return []
        fit = [one for one in all_of_it if one.path != near and self.files[one.path].family == kin]
        if len(fit) > 1:
            fit.sort(key=lambda one: (distance(one.path, near), one.path, one.symbol.start))
        return fit[:_EACH]


def snapshot_of(entries: Iterable[FileEntry]) -> Snapshot:
    """Make a snapshot of all entries at once."""
    files = {entry.path: entry for entry in sorted(entries, key=lambda entry: entry.path)}
    names: defaultdict[str, list[Located]] = defaultdict(list)
    topics: defaultdict[str, list[str]] = defaultdict(list)
    for entry in files.values():
        if not entry.left_out:
            topics[topic(entry.path)].append(entry.path)
        for symbol in entry.symbols:
            names[symbol.name].append(Located(entry.path, symbol))
    return Snapshot(
        files,
        {name: tuple(found) for name, found in names.items()},
        {about: tuple(found) for about, found in topics.items()},
    )


def distance(path: str, other: str) -> int:
    """Give the number of steps from one file's folder to the other's."""
    if path.rpartition("/")[0] == other.rpartition("/")[0]:
        return 0
    steps, others = path.split("/")[:-1], other.split("/")[:-1]
    shared = 0
    for one, two in zip(steps, others, strict=False):
        if one != two:
            break
        shared += 1
    return len(steps) + len(others) - 2 * shared


def topic(path: str) -> str:
    """Give what a file is about: its name without suffixes and without what marks a test."""
    stem = _stem(path)
    return (_TEST.sub("", stem) or stem).lower()


def _is_counterpart(path: str, other: str) -> bool:
    """Whether of two files on one topic one tests the other, or is its header."""
    if PurePosixPath(path).suffix != PurePosixPath(other).suffix:
        return True
    return bool(_TEST.search(_stem(path))) != bool(_TEST.search(_stem(other)))


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _take_out(
    entry: FileEntry,
    gone: Set[str],
    names: dict[str, tuple[Located, ...]],
    topics: dict[str, tuple[str, ...]],
) -> None:
    for name in {symbol.name for symbol in entry.symbols}:
        left = tuple(one for one in names.get(name, ()) if one.path not in gone)
        _set(names, name, left)
    about = topic(entry.path)
    _set(topics, about, tuple(path for path in topics.get(about, ()) if path not in gone))


def _put_in(
    entry: FileEntry,
    names: dict[str, tuple[Located, ...]],
    topics: dict[str, tuple[str, ...]],
) -> None:
    added: defaultdict[str, list[Located]] = defaultdict(list)
    for symbol in entry.symbols:
        added[symbol.name].append(Located(entry.path, symbol))
    for name, found in added.items():
        names[name] = tuple(sorted((*names.get(name, ()), *found), key=lambda one: one.path))
    if not entry.left_out:
        about = topic(entry.path)
        topics[about] = tuple(sorted((*topics.get(about, ()), entry.path)))


def _set(mapping: dict[str, tuple[T, ...]], key: str, value: tuple[T, ...]) -> None:
    if value:
        mapping[key] = value
    else:
        mapping.pop(key, None)
