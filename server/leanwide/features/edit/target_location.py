"""Where a test for a file belongs, and under what name: beside the code, or among other tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Final

from attrs import frozen

Listing = Callable[[PurePath], frozenset[str] | None]
"""Gives the names of a folder's files; None where there is no such folder."""

_MAX_LEVELS: Final = 12
"""Folders above the code that are looked at."""


@frozen(kw_only=True)
class NamingConvention:
    """How tests are named and kept in a language."""

    framework: str
    """What they are written with where nothing else is known."""
    names: tuple[str, ...]
    """Names of the file, the most usual first; ``{stem}`` and ``{suffix}`` are the code's."""
    folders: tuple[str, ...]
    """Folders that hold tests, beside the code or further up."""
    beside: bool = True
    """A test may stand in the code's own folder."""
    mirrored: tuple[str, str] | None = None
    """The folder of the sources, and the one that mirrors it."""


_SCRIPT: Final = NamingConvention(
    framework="the project's test framework (Jest or Vitest, unless the example shows another)",
    names=("{stem}.test{suffix}", "{stem}.spec{suffix}"),
    folders=("__tests__", "tests", "test"),
)

_CONVENTIONS: Final[Mapping[str, NamingConvention]] = MappingProxyType(
    {
        "c": NamingConvention(
            framework="assert.h",
            names=("test_{stem}.c", "{stem}_test.c"),
            folders=("tests", "test"),
        ),
        "cpp": NamingConvention(
            framework="GoogleTest",
            names=("{stem}_test.cpp", "test_{stem}.cpp", "{stem}_test.cc"),
            folders=("tests", "test"),
        ),
        "csharp": NamingConvention(
            framework="xUnit",
            names=("{stem}Tests.cs", "{stem}Test.cs"),
            folders=("Tests", "tests", "test"),
        ),
        "go": NamingConvention(
            framework="the testing package", names=("{stem}_test.go",), folders=()
        ),
        "java": NamingConvention(
            framework="JUnit 5",
            names=("{stem}Test.java", "{stem}Tests.java"),
            folders=("test",),
            mirrored=("main", "test"),
        ),
        "javascript": _SCRIPT,
        "lua": NamingConvention(
            framework="busted", names=("{stem}_spec.lua",), folders=("spec", "tests")
        ),
        "php": NamingConvention(
            framework="PHPUnit", names=("{stem}Test.php",), folders=("tests", "test")
        ),
        "python": NamingConvention(
            framework="pytest",
            names=("test_{stem}.py", "{stem}_test.py"),
            folders=("tests", "test"),
        ),
        "ruby": NamingConvention(
            framework="RSpec (Minitest, where the file is named so)",
            names=("{stem}_spec.rb", "{stem}_test.rb", "test_{stem}.rb"),
            folders=("spec", "test"),
        ),
        "rust": NamingConvention(
            framework="#[test] functions",
            names=("{stem}_test.rs", "test_{stem}.rs"),
            folders=("tests",),
            beside=False,
        ),
        "tsx": _SCRIPT,
        "typescript": _SCRIPT,
    }
)


@frozen(kw_only=True)
class TargetLocation:
    """The file that a test goes into."""

    path: PurePath
    exists: bool
    example: PurePath | None
    """A test file whose style is the project's: the file itself where it exists."""


def naming_convention(language: str) -> NamingConvention | None:
    """Give how tests are kept in a language, by its name; None where nothing is known."""
    return _CONVENTIONS.get(language)


def is_test(path: PurePath, habit: NamingConvention) -> bool:
    """Whether a file is a test by its name."""
    return any(pattern.fullmatch(path.name) for pattern in _patterns(habit, path.suffix))


def choose_location(
    code: PurePath, root: PurePath | None, habit: NamingConvention, listing: Listing
) -> TargetLocation:
    """Choose where a test for ``code`` goes.

    An existing test file of the same name is best, then a folder that holds tests, then a folder
    for tests, and the code's own folder last. ``root`` is the project's folder, if it has one.
    """
    folders = tuple(dict.fromkeys(_folders(code, root, habit)))
    names = [one.format(stem=code.stem, suffix=code.suffix) for one in habit.names]
    found = [(folder, listing(folder)) for folder in folders]
    for folder, files in found:
        for name in names:
            if files is not None and name in files:
                return TargetLocation(path=folder / name, exists=True, example=folder / name)
    for folder, files in found:
        for name, pattern in zip(names, _patterns(habit, code.suffix), strict=True):
            alike = sorted(filter(pattern.fullmatch, files or ()))
            if alike:
                return TargetLocation(path=folder / name, exists=False, example=folder / alike[0])
    there = [folder for folder, files in found if files is not None and folder != code.parent]
    folder = there[0] if there else _new_folder(code, folders, habit)
    return TargetLocation(path=folder / names[0], exists=False, example=None)


def _new_folder(code: PurePath, folders: tuple[PurePath, ...], habit: NamingConvention) -> PurePath:
    """Where a project without tests gets its first one."""
    mirrored = habit.mirrored is not None and habit.mirrored[0] in code.parent.parts
    if mirrored or not habit.beside:
        return folders[0] if mirrored else folders[-1]
    return code.parent


def _folders(code: PurePath, root: PurePath | None, habit: NamingConvention) -> Iterator[PurePath]:
    """The folders in which a test may be, the nearest first."""
    home = code.parent
    if habit.mirrored is not None and habit.mirrored[0] in home.parts:
        at = len(home.parts) - 1 - home.parts[::-1].index(habit.mirrored[0])
        yield PurePath(*home.parts[:at], habit.mirrored[1], *home.parts[at + 1 :])
    if habit.beside:
        yield home
    for above in _from_home_to_root(home, root):
        inner = home.relative_to(above).parts
        for name in habit.folders:
            for cut in range(len(inner) + 1):
                yield (above / name).joinpath(*inner[cut:])


def _from_home_to_root(home: PurePath, root: PurePath | None) -> list[PurePath]:
    """The code's folder and those above it that belong to the project."""
    chain = [home, *home.parents]
    if root is not None and root in chain:
        return chain[: chain.index(root) + 1][:_MAX_LEVELS]
    return chain[:2]


def _patterns(habit: NamingConvention, suffix: str) -> list[re.Pattern[str]]:
    """The habit's names, for whatever code they are."""
    parts = ([re.escape(part) for part in name.split("{stem}")] for name in habit.names)
    joined = (".+".join(pieces) for pieces in parts)
    return [re.compile(one.replace(re.escape("{suffix}"), re.escape(suffix))) for one in joined]
