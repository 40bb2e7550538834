"""The folders of the workspace, and what they say about a path."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import chain, count
from pathlib import Path
from typing import Final

from attrs import field, frozen

from leanwide.files.exclusions import SECRETS_ONLY, Exclusions
from leanwide.files.secrets import may_hold_secrets

_PASSED: Final = frozenset(
    {
        ".bzr", ".cache", ".git", ".gradle", ".hg", ".hypothesis", ".idea", ".mypy_cache", ".next",
        ".nox", ".pytest_cache", ".ruff_cache", ".svn", ".terraform", ".tox", ".venv", ".vs",
        ".yarn", "__pycache__", "bower_components", "node_modules", "site-packages",
    }
)  # fmt: skip
"""Folders with other people's files, or with what programs left behind."""
_UP: Final = "../"


@frozen(kw_only=True)
class Folder:
    """One folder of the workspace."""

    path: Path
    """Where it is, without links on the way."""
    exclusions: Exclusions = SECRETS_ONLY
    """What is left alone in it, by paths that begin with :attr:`path`."""
    prefix: str = ""
    """What the keys of its files begin with."""
    names: tuple[str, ...] = ()
    """Other paths under which the editor knows it: links that lead to it."""
    _start: str = field(init=False, repr=False, eq=False)

    @_start.default
    def _with_slash(self) -> str:
        return _with_slash(str(self.path))

    def holds(self, path: str) -> bool:
        """Whether a path lies in the folder, links aside."""
        return path.startswith(self._start)

    def inner(self, path: str) -> str:
        """Give a path that the folder holds as it is seen from the folder, POSIX."""
        return path[len(self._start) :].replace(os.sep, "/")


@frozen(kw_only=True)
class WorkspaceFolders:
    """All folders of the workspace. A file has one key, also where folders are nested.

    Paths are those of the file system. A folder's other names count as its path, but no other link
    is followed: whoever asks follows them, and asks about both paths.
    """

    folders: tuple[Folder, ...] = ()
    near: tuple[str, ...] = ()
    """Keys that files should be near to: those of the open ones."""
    most_files: int = 20_000
    """Files that are chosen for the index."""
    outside: Exclusions = SECRETS_ONLY
    """What is left alone outside of all folders."""
    _innermost_first: tuple[Folder, ...] = field(init=False, repr=False, eq=False)
    _names: tuple[tuple[str, str], ...] = field(init=False, repr=False, eq=False)

    @_innermost_first.default
    def _by_depth(self) -> tuple[Folder, ...]:
        return tuple(sorted(self.folders, key=lambda folder: -len(folder.path.parts)))

    @_names.default
    def _named(self) -> tuple[tuple[str, str], ...]:
        """Other names and what they stand for, with slashes, the longest first."""
        named = (
            (_with_slash(name), _with_slash(str(folder.path)))
            for folder in self.folders
            for name in folder.names
        )
        return tuple(sorted(named, key=lambda pair: -len(pair[0])))

    def inner(self, path: str) -> str:
        """Give a path with the path of its folder in place of another name of that."""
        path = os.path.normpath(path)
        for name, real in self._names:
            if path.startswith(name):
                return real + path[len(name) :]
        return path

    def why(self, path: str) -> str | None:
        """Give the reason why a file is left alone by its path; None if it is not.

        Every folder that holds it is asked. One that leaves out a folder of the workspace within
        it has no say in that: somebody opened it on purpose.
        """
        path = self.inner(path)
        folders = tuple(self._judges(path))
        if not folders:
            return self.outside.why(path)
        return next((why for one in folders if (why := one.exclusions.why(path))), None)

    def draws_in(self, path: str) -> bool:
        """Whether a file may be shown in prompts about other files."""
        return not self.may_hold_secrets(path) and self.why(path) is None

    def may_hold_secrets(self, path: str) -> bool:
        """Whether the name of a file lets one expect secrets, or that of a folder around it."""
        path = self.inner(path)
        folder = self._innermost(path)
        return may_hold_secrets(path, str(folder.path) if folder is not None else "")

    def why_folder(self, path: str) -> str | None:
        """Give the reason why a folder is left alone with all that is in it."""
        judges = self._judges(path)
        return next((why for one in judges if (why := one.exclusions.why_folder(path))), None)

    def key(self, path: str) -> str | None:
        """Give what a file is called in prompts and in the index; None outside of all folders."""
        path = self.inner(path)
        folder = self._innermost(path)
        return folder.prefix + folder.inner(path) if folder is not None else None

    def file(self, key: str) -> Path | None:
        """Give the file that a key stands for; None where its folder is not there any more."""
        folder = self.folder_of(key)
        return folder.path / key[len(folder.prefix) :] if folder is not None else None

    def folder_of(self, key: str) -> Folder | None:
        """Give the folder that the file with a key belongs to."""
        fitting = [one for one in self.folders if key.startswith(one.prefix)]
        folder = max(fitting, key=lambda one: len(one.prefix), default=None)
        outside = folder is not None and key.startswith(_UP, len(folder.prefix))
        return None if outside else folder

    def holds(self, path: str) -> bool:
        """Whether a path lies in the workspace and no folder on the way is passed over."""
        path = self.inner(path)
        folder = self._innermost(path)
        return folder is not None and _PASSED.isdisjoint(folder.inner(path).split("/"))

    def enters(self, path: str, name: str) -> bool:
        """Whether a crawl goes on into a folder that it met: it is neither left alone nor ours."""
        ours = any(str(one.path) == path for one in self.folders)
        return name not in _PASSED and not ours and not self.why_folder(path)

    def root(self, path: str) -> Path | None:
        """Give the folder that holds a path, under the name that the path begins with."""
        path = os.path.normpath(path)
        names = [name for one in self.folders for name in (str(one.path), *one.names)]
        fitting = [name for name in names if path.startswith(_with_slash(name))]
        return Path(max(fitting, key=len)) if fitting else None

    def _innermost(self, path: str) -> Folder | None:
        return next((one for one in self._innermost_first if one.holds(path)), None)

    def _judges(self, path: str) -> Iterator[Folder]:
        """The folders that decide about a path, innermost first."""
        within: Folder | None = None
        for folder in self._innermost_first:
            if not folder.holds(path):
                continue
            if within is not None and folder.exclusions.why_folder(str(within.path)):
                return
            yield folder
            within = folder


def new_prefix(folder: Path, taken: Mapping[Path, str]) -> str:
    """Choose what the keys of a folder's files begin with.

    The first folder's begin with nothing, those of a folder in another one as in that, and those of
    others as if they stood beside the first. No key ever means two files.

    Args:
        folder: Its path, without links on the way.
        taken: The prefixes of folders, also of those that were closed.
    """
    if not taken:
        return ""
    around = [one for one in taken if folder.is_relative_to(one)]
    if around:
        outer = max(around, key=lambda one: len(one.parts))
        name = taken[outer] + _text(folder.relative_to(outer).as_posix())
    else:
        name = _UP + (_text(folder.name) or "root")
    numbered = (f"{name} ({number})/" for number in count(2))
    return next(one for one in chain((f"{name}/",), numbered) if one not in taken.values())


def real_path(path: str) -> str:
    """Follow all links of a path; one that leads nowhere is followed as far as it goes.

    Raises:
        OSError, ValueError: The path cannot be one of a file.
    """
    return os.path.realpath(path) if Path(path).is_absolute() else path


def _text(name: str) -> str:
    """A name without what stands for bytes that are not UTF-8."""
    return os.fsencode(name).decode("utf-8", "replace")


def _with_slash(folder: str) -> str:
    return folder.rstrip(os.sep) + os.sep
