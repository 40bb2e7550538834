"""The folders of the workspace: the keys of their files, and which files are excluded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import chain, count
from pathlib import Path
from typing import Final

from attrs import field, frozen

from leanwide.files.exclusions import SECRETS_ONLY, Exclusions
from leanwide.files.secrets import may_hold_secrets

_SKIPPED_FOLDERS: Final = frozenset(
    {
        ".bzr", ".cache", ".git", ".gradle", ".hg", ".hypothesis", ".idea", ".mypy_cache", ".next",
        ".nox", ".pytest_cache", ".ruff_cache", ".svn", ".terraform", ".tox", ".venv", ".vs",
        ".yarn", "__pycache__", "bower_components", "node_modules", "site-packages",
    }
)  # fmt: skip
"""Folders with other people's files, or with files that programs generate."""
_UP: Final = "../"


@frozen(kw_only=True)
class Folder:
    """One folder of the workspace."""

    path: Path
    """Its real path, without links."""
    exclusions: Exclusions = SECRETS_ONLY
    """The excluded files in it, by paths that begin with :attr:`path`."""
    prefix: str = ""
    """The prefix of its files' keys."""
    names: tuple[str, ...] = ()
    """Other paths that the editor has for it: links to it."""
    _start: str = field(init=False, repr=False, eq=False)

    @_start.default
    def _with_slash(self) -> str:
        return _with_slash(str(self.path))

    def holds(self, path: str) -> bool:
        """Whether a path lies in the folder; links are not followed."""
        return path.startswith(self._start)

    def relative(self, path: str) -> str:
        """Return a path in the folder relative to it, POSIX."""
        return path[len(self._start) :].replace(os.sep, "/")


@frozen(kw_only=True)
class WorkspaceFolders:
    """All folders of the workspace. A file has one key, also where folders are nested.

    Paths are those of the file system. A folder's other names count as its path, but no other link
    is followed: callers follow them and ask about both paths.
    """

    folders: tuple[Folder, ...] = ()
    near: tuple[str, ...] = ()
    """Keys of the open files: the index prefers files near them."""
    most_files: int = 20_000
    """Files in the index, at most."""
    outside: Exclusions = SECRETS_ONLY
    """The exclusions for files outside all folders."""
    _innermost_first: tuple[Folder, ...] = field(init=False, repr=False, eq=False)
    _names: tuple[tuple[str, str], ...] = field(init=False, repr=False, eq=False)

    @_innermost_first.default
    def _by_depth(self) -> tuple[Folder, ...]:
        return tuple(sorted(self.folders, key=lambda folder: -len(folder.path.parts)))

    @_names.default
    def _named(self) -> tuple[tuple[str, str], ...]:
        """Return other names and the real paths of their folders, with slashes, longest first."""
        named = (
            (_with_slash(name), _with_slash(str(folder.path)))
            for folder in self.folders
            for name in folder.names
        )
        return tuple(sorted(named, key=lambda pair: -len(pair[0])))

    def resolve_folder(self, path: str) -> str:
        """Return a path with another name of its folder replaced by the folder's real path."""
        path = os.path.normpath(path)
        for name, real in self._names:
            if path.startswith(name):
                return real + path[len(name) :]
        return path

    def exclusion_reason(self, path: str) -> str | None:
        """Return the reason why a file is excluded by its path; None if it is not.

        The exclusions of every folder around it apply. A folder that excludes a workspace folder
        inside it does not apply there: the user opened that one on purpose.
        """
        path = self.resolve_folder(path)
        folders = tuple(self._deciding_folders(path))
        if not folders:
            return self.outside.reason(path)
        reasons = (folder.exclusions.reason(path) for folder in folders)
        return next(filter(None, reasons), None)

    def allows_as_context(self, path: str) -> bool:
        """Whether a file may be shown in prompts about other files."""
        return not self.may_hold_secrets(path) and self.exclusion_reason(path) is None

    def may_hold_secrets(self, path: str) -> bool:
        """Whether the name of a file, or of a folder around it, suggests secrets."""
        path = self.resolve_folder(path)
        folder = self._innermost(path)
        return may_hold_secrets(path, str(folder.path) if folder is not None else "")

    def folder_exclusion_reason(self, path: str) -> str | None:
        """Return the reason why a folder is excluded with everything in it; None if it is not."""
        deciding = self._deciding_folders(path)
        reasons = (folder.exclusions.folder_reason(path) for folder in deciding)
        return next(filter(None, reasons), None)

    def key(self, path: str) -> str | None:
        """Return the name of a file in prompts and in the index; None outside all folders."""
        path = self.resolve_folder(path)
        folder = self._innermost(path)
        return folder.prefix + folder.relative(path) if folder is not None else None

    def file(self, key: str) -> Path | None:
        """Return the file with a key; None if its folder is closed."""
        folder = self.folder_of(key)
        return folder.path / key[len(folder.prefix) :] if folder is not None else None

    def folder_of(self, key: str) -> Folder | None:
        """Return the folder of the file with a key; None if it is closed."""
        fitting = [folder for folder in self.folders if key.startswith(folder.prefix)]
        found = max(fitting, key=lambda folder: len(folder.prefix), default=None)
        outside = found is not None and key.startswith(_UP, len(found.prefix))
        return None if outside else found

    def holds(self, path: str) -> bool:
        """Whether a path lies in the workspace and in no folder that is skipped."""
        path = self.resolve_folder(path)
        folder = self._innermost(path)
        return folder is not None and _SKIPPED_FOLDERS.isdisjoint(folder.relative(path).split("/"))

    def enters(self, path: str, name: str) -> bool:
        """Whether a crawl enters a folder: it is not skipped, excluded or a workspace folder."""
        is_own = any(str(folder.path) == path for folder in self.folders)
        return (
            name not in _SKIPPED_FOLDERS and not is_own and not self.folder_exclusion_reason(path)
        )

    def root(self, path: str) -> Path | None:
        """Return the innermost folder around a path, by the name that the path begins with."""
        path = os.path.normpath(path)
        names = [name for folder in self.folders for name in (str(folder.path), *folder.names)]
        fitting = [name for name in names if path.startswith(_with_slash(name))]
        return Path(max(fitting, key=len)) if fitting else None

    def _innermost(self, path: str) -> Folder | None:
        return next((folder for folder in self._innermost_first if folder.holds(path)), None)

    def _deciding_folders(self, path: str) -> Iterator[Folder]:
        """Yield the folders whose exclusions apply to a path, innermost first."""
        within: Folder | None = None
        for folder in self._innermost_first:
            if not folder.holds(path):
                continue
            if within is not None and folder.exclusions.folder_reason(str(within.path)):
                return
            yield folder
            within = folder


def new_prefix(folder: Path, taken: Mapping[Path, str]) -> str:
    """Return a prefix for the keys of a new folder's files, so that no key means two files.

    It is "" for the first folder, the relative path in another one's prefix for a folder inside
    that, and ``../name/`` otherwise.

    Args:
        folder: Its real path, without links.
        taken: The prefixes of all folders so far, closed ones included.
    """
    if not taken:
        return ""
    around = [path for path in taken if folder.is_relative_to(path)]
    if around:
        outer = max(around, key=lambda path: len(path.parts))
        name = taken[outer] + _text(folder.relative_to(outer).as_posix())
    else:
        name = _UP + (_text(folder.name) or "root")
    numbered = (f"{name} ({number})/" for number in count(2))
    names = chain((f"{name}/",), numbered)
    return next(prefix for prefix in names if prefix not in taken.values())


def real_path(path: str) -> str:
    """Return a path with all links followed, broken ones as far as they lead.

    A relative path is returned as it is.

    Raises:
        OSError, ValueError: It is no valid path.
    """
    return os.path.realpath(path) if Path(path).is_absolute() else path


def _text(name: str) -> str:
    """Return a name with bytes that are not UTF-8 replaced by U+FFFD."""
    return os.fsencode(name).decode("utf-8", "replace")


def _with_slash(folder: str) -> str:
    return folder.rstrip(os.sep) + os.sep
