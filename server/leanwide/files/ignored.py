"""The workspace's ignore files, git's and our own."""

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

_OWN_IGNORE_FILE: Final = ".leanwideignore"
IGNORE_FILES: Final = (_OWN_IGNORE_FILE, ".gitignore")
"""In each folder; the first one takes precedence."""
_EXCLUDE: Final = (".git", "info", "exclude")
"""The end of the path of a repository's ignore file that is not committed."""
_MAX_BYTES: Final = 256 * 1024
"""Bytes of one ignore file."""
_MAX_TOTAL_BYTES: Final = 1024 * 1024
"""Bytes of all ignore files of a workspace: compiled, they take many times that."""
_MAX_FOLDERS: Final = 20_000
"""Folders whose rules are cached."""

ReportUnread = Callable[[UnreadableFile], None]
"""Reports an ignore file that does not count, wholly or in part; any thread may call it."""


@frozen
class _Folder:
    ignored_by: str
    """The ignore file that ignores the folder; "" if none does."""
    rules: tuple[Rules, ...] = ()
    """The rules for the folder's entries, innermost first."""
    ignore_case: bool = False
    """Whether git ignores the case of letters here."""


@define(eq=False)
class IgnoreFiles:
    """The ignore files of one folder of the workspace, each read once; any thread may call it.

    Git's rules above the root count too where the root is part of a repository, except those that
    ignore the root itself: the user opened it on purpose. A repository inside another has rules of
    its own.
    """

    root: Path
    report: ReportUnread = field(default=lambda _: None, repr=False)
    _folders: dict[str, _Folder] = field(factory=dict, init=False, repr=False)
    _user: Settings | None = field(default=None, init=False, repr=False)
    _bytes: int = field(default=0, init=False, repr=False)
    """Of the files read so far."""
    _outside: set[Path] = field(factory=set, init=False, repr=False)
    """Files that decided so far and lie in no folder that they are about, also missing ones."""

    def source(self, path: str) -> str:
        """Return the name of the ignore file that ignores ``path``; "" if none does.

        A folder's path ends with a slash. Paths outside the root are never ignored. Reads the
        ignore files of folders that are not cached.
        """
        posix = PurePath(path).as_posix()
        if not posix.startswith(_slashed(self.root)):
            return ""
        folder = self._folder(posix.rpartition("/")[0])
        return folder.ignored_by or _ignored_by(folder.rules, posix + "/" * path.endswith("/"))

    def follows(self, path: Path) -> bool:
        """Whether a file that changed may change what is ignored."""
        if path.name in IGNORE_FILES or path.parts[-3:] == _EXCLUDE:
            return True
        return path in self._outside

    def _folder(self, path: str) -> _Folder:
        missing = []
        while (known := self._folders.get(path)) is None:
            if path + "/" == _slashed(self.root):
                known = self._folders[path] = self._root_folder()
                break
            missing.append(path)
            path = path.rpartition("/")[0]
        if len(self._folders) > _MAX_FOLDERS:
            self._folders.clear()
            self._bytes = 0
        for inner in reversed(missing):
            by = known.ignored_by or _ignored_by(known.rules, inner + "/")
            known = _Folder(by) if by else self._inner_folder(known, Path(inner))
            self._folders[inner] = known
        return known

    def _root_folder(self) -> _Folder:
        """Return the rules for the root's entries, those of the repository around it included."""
        around = (self.root, *self.root.parents)
        top = next((folder for folder in around if repository_at(folder) is not None), self.root)
        known = self._repository_folder(top, repository_at(top))
        for folder in reversed(around[: around.index(top)]):
            path = _slashed(folder)
            if _ignored_by(known.rules, path):
                others = tuple(rules for rules in known.rules if not rules.verdict(path))
                known = _Folder("", others, known.ignore_case)
            known = self._inner_folder(known, folder)
        return known

    def _inner_folder(self, outer: _Folder, folder: Path) -> _Folder:
        """Return the rules for the entries of a folder inside another one."""
        if (repository := repository_at(folder)) is not None:
            return self._repository_folder(folder, repository, outer.rules)
        rules = tuple(self._rules_in(folder, outer))
        return _Folder("", (*rules, *outer.rules), outer.ignore_case)

    def _repository_folder(
        self, folder: Path, repository: GitRepository | None, outer: tuple[Rules, ...] = ()
    ) -> _Folder:
        """Return the rules where a repository begins: of the outer ones only our own count."""
        user = self._user = self._user or user_settings()
        ignore_case = (repository.settings if repository is not None else user).ignore_case
        own = tuple(rules for rules in outer if rules.source == _OWN_IGNORE_FILE)
        known = _Folder("", own, bool(ignore_case))
        if (named := excludes_file(repository, user)) is not None:
            self._outside.add(named[0])
            known = self._with(known, named[0], folder, named[1])
        if repository is not None:
            self._outside.add(repository.exclude)
            known = self._with(known, repository.exclude, folder, repository.git)
        return _Folder("", (*self._rules_in(folder, known), *known.rules), known.ignore_case)

    def _with(self, known: _Folder, file: Path, base: Path, within: Path) -> _Folder:
        """Return the known rules with those of one more file in front."""
        rules = self._read(file, base, known, within)
        return _Folder("", (*rules, *known.rules), known.ignore_case)

    def _rules_in(self, folder: Path, known: _Folder) -> Iterator[Rules]:
        for name in IGNORE_FILES:
            yield from self._read(folder / name, folder, known)

    def _read(
        self, file: Path, base: Path, known: _Folder, within: Path | None = None
    ) -> Iterator[Rules]:
        """Yield the rules in a file, if it has any. As in git, links are not followed."""
        most = min(_MAX_BYTES, _MAX_TOTAL_BYTES - self._bytes)
        data = read_file(file, most, within)
        if isinstance(data, UnreadableFile):
            self.report(data)
        if not isinstance(data, bytes):
            return
        self._bytes += len(data)
        lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        left = MAX_PATTERNS - sum(len(rules.rules) for rules in known.rules)
        if reason := unused_patterns(lines, left):
            self.report(UnreadableFile(file, reason))
        if rules := read_rules(lines, left, ignore_case=known.ignore_case):
            yield Rules(_source(file), _slashed(base), known.ignore_case, rules)


def _source(file: Path) -> str:
    """Return the name of an ignore file for the user."""
    if file.parts[-2:] == _EXCLUDE[1:]:
        return "/".join(_EXCLUDE)
    return file.name if file.name in IGNORE_FILES else "core.excludesFile"


def _slashed(folder: Path) -> str:
    return folder.as_posix().rstrip("/") + "/"


def _ignored_by(files: Iterable[Rules], path: str) -> str:
    """Return the name of the file that ignores ``path``, if the first verdict is to ignore it."""
    for rules in files:
        if (verdict := rules.verdict(path)) is not None:
            return rules.source if verdict else ""
    return ""
