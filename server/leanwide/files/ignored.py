"""What the workspace's ignore files leave out, git's and our own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePath
from typing import Final

from attrs import define, field, frozen

from leanwide.files.patterns import MAX_PATTERNS, Rules, read_rules, unused_patterns
from leanwide.files.reader import UnreadableFile, read_file
from leanwide.files.repository import (
    GitRepository,
    Settings,
    excludes_file,
    repository_at,
    user_settings,
)

OWN_IGNORE_FILE: Final = ".leanwideignore"
IGNORE_FILES: Final = (OWN_IGNORE_FILE, ".gitignore")
"""In each folder, the one that decides first in front."""
_LARGEST: Final = 256 * 1024
"""Bytes of one ignore file."""
_MOST_BYTES: Final = 1024 * 1024
"""Bytes of all ignore files of a workspace: compiled, they take many times that."""
_MOST_FOLDERS: Final = 20_000
"""Folders whose rules are kept."""

ReportUnread = Callable[[UnreadableFile], None]
"""Takes note of a file that does not count, wholly or in part; any thread may call it."""


@frozen
class _Folder:
    ignored_by: str
    """The ignore file that leaves out the folder; "" if none does."""
    rules: tuple[Rules, ...] = ()
    """What decides about the folder's entries, innermost first."""
    ignore_case: bool = False
    """Whether git takes letters of both cases for one here."""


@define(eq=False)
class IgnoreFiles:
    """The ignore files of one workspace, each read once; any thread may ask.

    Git's rules from above the root count too where the workspace is a part of a repository, unless
    they leave out the root itself: somebody opened it on purpose. A repository inside of another
    has rules of its own.
    """

    root: Path
    refuse: ReportUnread = field(default=lambda _: None, repr=False)
    _folders: dict[str, _Folder] = field(factory=dict, init=False, repr=False)
    _user: Settings | None = field(default=None, init=False, repr=False)
    _bytes: int = field(default=0, init=False, repr=False)
    """Of the files that were read."""

    def source(self, path: str) -> str:
        """Return the ignore file by which ``path`` is left out; "" if none does.

        A folder's path ends with a slash. Paths outside of the workspace are never left out. Reads
        files where it was not asked about the folder before.
        """
        posix = PurePath(path).as_posix()
        if not posix.startswith(_slashed(self.root)):
            return ""
        folder = self._folder(posix.rpartition("/")[0])
        return folder.ignored_by or _decide(folder.rules, posix + "/" * path.endswith("/"))

    def _folder(self, path: str) -> _Folder:
        missing = []
        while (known := self._folders.get(path)) is None:
            if path + "/" == _slashed(self.root):
                known = self._folders[path] = self._root_folder()
                break
            missing.append(path)
            path = path.rpartition("/")[0]
        if len(self._folders) > _MOST_FOLDERS:
            self._folders.clear()
            self._bytes = 0
        for inner in reversed(missing):
            by = known.ignored_by or _decide(known.rules, inner + "/")
            known = _Folder(by) if by else self._inside(known, Path(inner))
            self._folders[inner] = known
        return known

    def _root_folder(self) -> _Folder:
        """The rules for the root's entries, those of the repository around it included."""
        around = (self.root, *self.root.parents)
        top = next((one for one in around if repository_at(one) is not None), self.root)
        known = self._beginning(top, repository_at(top))
        for folder in reversed(around[: around.index(top)]):
            if _decide(known.rules, _slashed(folder)):
                silent = tuple(one for one in known.rules if not one.says(_slashed(folder)))
                known = _Folder("", silent, known.ignore_case)
            known = self._inside(known, folder)
        return known

    def _inside(self, outer: _Folder, folder: Path) -> _Folder:
        """The rules for the entries of a folder that is in another one."""
        if (repository := repository_at(folder)) is not None:
            return self._beginning(folder, repository, outer.rules)
        rules = tuple(self._rules_in(folder, outer))
        return _Folder("", (*rules, *outer.rules), outer.ignore_case)

    def _beginning(
        self, folder: Path, repository: GitRepository | None, outer: tuple[Rules, ...] = ()
    ) -> _Folder:
        """The rules where a repository begins: of those further out only our own count."""
        user = self._user = self._user or user_settings()
        cases = (repository.settings if repository is not None else user).ignore_case
        known = _Folder(
            "", tuple(one for one in outer if one.source == OWN_IGNORE_FILE), bool(cases)
        )
        if (named := excludes_file(repository, user)) is not None:
            known = self._with(known, named[0], folder, named[1])
        if repository is not None:
            known = self._with(known, repository.exclude, folder, repository.git)
        return _Folder("", (*self._rules_in(folder, known), *known.rules), known.ignore_case)

    def _with(self, known: _Folder, file: Path, base: Path, within: Path) -> _Folder:
        """The rules of one more file, in front of those that are known."""
        rules = self._read(file, base, known, within)
        return _Folder("", (*rules, *known.rules), known.ignore_case)

    def _rules_in(self, folder: Path, known: _Folder) -> Iterator[Rules]:
        for name in IGNORE_FILES:
            yield from self._read(folder / name, folder, known)

    def _read(
        self, file: Path, base: Path, known: _Folder, within: Path | None = None
    ) -> Iterator[Rules]:
        """The rules in a file, if it is there and says anything. Git follows no link to one."""
        most = min(_LARGEST, _MOST_BYTES - self._bytes)
        data = read_file(file, most, within)
        if isinstance(data, UnreadableFile):
            self.refuse(data)
        if not isinstance(data, bytes):
            return
        self._bytes += len(data)
        lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        left = MAX_PATTERNS - sum(len(one.rules) for one in known.rules)
        if why := unused_patterns(lines, left):
            self.refuse(UnreadableFile(file, why))
        if rules := read_rules(lines, left, ignore_case=known.ignore_case):
            yield Rules(_source(file), _slashed(base), known.ignore_case, rules)


def _source(file: Path) -> str:
    """What the user calls an ignore file."""
    if file.parts[-2:] == ("info", "exclude"):
        return ".git/info/exclude"
    return file.name if file.name in IGNORE_FILES else "core.excludesFile"


def _slashed(folder: Path) -> str:
    return folder.as_posix().rstrip("/") + "/"


def _decide(rules: Iterable[Rules], path: str) -> str:
    for one in rules:
        if (verdict := one.says(path)) is not None:
            return one.source if verdict else ""
    return ""
