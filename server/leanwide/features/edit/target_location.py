"""Where a test for a file goes, and its name: next to the code, or among other tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Final

from attrs import frozen

Listing = Callable[[PurePath], frozenset[str] | None]
"""Returns the names of a folder's files; None if there is no such folder."""

_MAX_LEVELS: Final = 12
"""Folders that are searched, from the code's own upwards."""


@frozen(kw_only=True)
class NamingConvention:
    """How tests of a language are named and kept."""

    framework: str
    """The usual test framework."""
    names: tuple[str, ...]
    """File names, the most usual first; ``{stem}`` and ``{suffix}`` are those of the code."""
    folders: tuple[str, ...]
    """Names of folders that hold tests, next to the code or further up."""
    next_to_code: bool = True
    """A test may be in the code's own folder."""
    mirrored: tuple[str, str] | None = None
    """The name of the folder of the sources, and of the one that mirrors it with tests."""


_JAVASCRIPT: Final = NamingConvention(
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
        "javascript": _JAVASCRIPT,
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
            next_to_code=False,
        ),
        "tsx": _JAVASCRIPT,
        "typescript": _JAVASCRIPT,
    }
)


@frozen(kw_only=True)
class TargetLocation:
    """The file that a test goes into."""

    path: PurePath
    exists: bool
    example: PurePath | None
    """A test file in the project's style: the file itself if it exists."""


def naming_convention(language: str) -> NamingConvention | None:
    """Return how tests of a language, given by its name, are kept; None if it is not known."""
    return _CONVENTIONS.get(language)


def is_test(path: PurePath, convention: NamingConvention) -> bool:
    """Whether a file is a test, by its name."""
    return any(pattern.fullmatch(path.name) for pattern in _patterns(convention, path.suffix))


def choose_location(
    code: PurePath, root: PurePath | None, convention: NamingConvention, listing: Listing
) -> TargetLocation:
    """Choose where a test for ``code`` goes.

    Best is an existing test file for this code, then a folder with other tests, then an existing
    folder for tests, and last the code's own folder. ``root`` is the project's folder, if known.
    """
    folders = tuple(dict.fromkeys(_folders(code, root, convention)))
    names = [name.format(stem=code.stem, suffix=code.suffix) for name in convention.names]
    listed = [(folder, listing(folder)) for folder in folders]
    for folder, files in listed:
        for name in names:
            if files is not None and name in files:
                return TargetLocation(path=folder / name, exists=True, example=folder / name)
    for folder, files in listed:
        for name, pattern in zip(names, _patterns(convention, code.suffix), strict=True):
            tests = sorted(filter(pattern.fullmatch, files or ()))
            if tests:
                return TargetLocation(path=folder / name, exists=False, example=folder / tests[0])
    existing = [folder for folder, files in listed if files is not None and folder != code.parent]
    folder = existing[0] if existing else _new_folder(code, folders, convention)
    return TargetLocation(path=folder / names[0], exists=False, example=None)


def _new_folder(
    code: PurePath, folders: tuple[PurePath, ...], convention: NamingConvention
) -> PurePath:
    """Return the folder for the first test of a project."""
    mirrored = convention.mirrored is not None and convention.mirrored[0] in code.parent.parts
    if mirrored or not convention.next_to_code:
        return folders[0] if mirrored else folders[-1]
    return code.parent


def _folders(
    code: PurePath, root: PurePath | None, convention: NamingConvention
) -> Iterator[PurePath]:
    """Yield the folders in which a test may be, the nearest first."""
    folder = code.parent
    if convention.mirrored is not None and convention.mirrored[0] in folder.parts:
        at = len(folder.parts) - 1 - folder.parts[::-1].index(convention.mirrored[0])
        yield PurePath(*folder.parts[:at], convention.mirrored[1], *folder.parts[at + 1 :])
    if convention.next_to_code:
        yield folder
    for above in _up_to_root(folder, root):
        inner = folder.relative_to(above).parts
        for name in convention.folders:
            for cut in range(len(inner) + 1):
                yield (above / name).joinpath(*inner[cut:])


def _up_to_root(folder: PurePath, root: PurePath | None) -> list[PurePath]:
    """Return the code's folder and those above it that belong to the project, nearest first."""
    chain = [folder, *folder.parents]
    if root is not None and root in chain:
        return chain[: chain.index(root) + 1][:_MAX_LEVELS]
    return chain[:2]


def _patterns(convention: NamingConvention, suffix: str) -> list[re.Pattern[str]]:
    """Return patterns of the convention's names, for code of any name."""
    parts = ([re.escape(part) for part in name.split("{stem}")] for name in convention.names)
    joined = (".+".join(pieces) for pieces in parts)
    return [re.compile(name.replace(re.escape("{suffix}"), re.escape(suffix))) for name in joined]
