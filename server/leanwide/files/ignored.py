"""What the workspace's ignore files leave out: ``.gitignore`` at every level, and our own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Final

from attrs import define, field, frozen
from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

IGNORE_FILES: Final = (".leanwideignore", ".gitignore")
"""In each folder, the one that decides first in front."""
_LARGEST: Final = 256 * 1024
"""Bytes of an ignore file that are read."""
_MOST_FOLDERS: Final = 20_000
"""Folders whose rules are kept."""


@frozen
class _Rule:
    """One line of an ignore file."""

    pattern: GitIgnoreSpecPattern
    folders_only: bool

    def meets(self, path: str, is_folder: bool) -> bool:
        """Whether the line speaks of this path itself, not of what it is in."""
        if self.folders_only and not is_folder:
            return False
        match = self.pattern.match_file(path)
        return match is not None and match.match.lastgroup is None


@frozen
class _Rules:
    """One ignore file."""

    source: str
    base: str
    """Its folder, with a slash at the end."""
    rules: tuple[_Rule, ...]
    """The last line first: it decides."""

    def says(self, path: str) -> bool | None:
        """Whether ``path`` is ignored; None where no line speaks of it."""
        is_folder = path.endswith("/")
        inner = path[len(self.base) :].rstrip("/")
        for rule in self.rules:
            if rule.meets(inner, is_folder):
                return rule.pattern.include
        return None


@frozen
class _Folder:
    ignored_by: str
    """The ignore file that leaves out the folder; "" if none does."""
    rules: tuple[_Rules, ...] = ()
    """What decides about the folder's entries, innermost first."""


@define(eq=False)
class IgnoreFiles:
    """The ignore files of one workspace, each read once; any thread may ask.

    Git's rules from above the root count too where the workspace is a part of a repository, unless
    they leave out the root itself: somebody opened it on purpose.
    """

    root: Path
    _folders: dict[str, _Folder] = field(factory=dict, init=False, repr=False)

    def source(self, path: str) -> str:
        """Give the ignore file by which ``path`` is left out; "" if none does.

        A folder's path ends with a slash. Paths outside of the workspace are never left out.
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
                known = self._folders[path] = _root_folder(self.root)
                break
            missing.append(path)
            path = path.rpartition("/")[0]
        if len(self._folders) > _MOST_FOLDERS:
            self._folders.clear()
        for inner in reversed(missing):
            by = known.ignored_by or _decide(known.rules, inner + "/")
            known = _Folder(by) if by else _Folder("", (*_rules_in(inner), *known.rules))
            self._folders[inner] = known
        return known


def compiled(lines: Iterable[str]) -> GitIgnoreSpec:
    """Compile patterns as git reads them; malformed ones match nothing."""
    return GitIgnoreSpec([pattern for line in lines if (pattern := _pattern(line)) is not None])


def below(path: str, root: str) -> str:
    """The path as seen from the root, or without its leading slash where it is elsewhere."""
    if root and PurePath(path).is_relative_to(root):
        return PurePath(path).relative_to(root).as_posix() + "/" * path.endswith("/")
    return path.lstrip("/")


def _pattern(line: str) -> GitIgnoreSpecPattern | None:
    try:
        pattern = GitIgnoreSpecPattern(line)
    except ValueError:
        return None
    return pattern if pattern.include is not None else None


def _rule(line: str) -> _Rule | None:
    """Compile a line; pathspec's patterns for folders do not tell a folder from what is in it."""
    text = line.rstrip("\r\n")
    bare = text.rstrip()
    if bare.endswith("\\"):
        bare = text
    pattern = _pattern(bare.rstrip("/"))
    return None if pattern is None else _Rule(pattern, bare.endswith("/"))


def _slashed(folder: Path) -> str:
    return folder.as_posix().rstrip("/") + "/"


def _decide(rules: Iterable[_Rules], path: str) -> str:
    for one in rules:
        if (verdict := one.says(path)) is not None:
            return one.source if verdict else ""
    return ""


def _root_folder(root: Path) -> _Folder:
    """The rules for the root's entries, those of the repository around it included."""
    around = (root, *root.parents)
    top = next((folder for folder in around if (folder / ".git").exists()), root)
    rules: list[_Rules] = list(_read(top / ".git" / "info" / "exclude", top))
    for folder in reversed(around[: around.index(top)]):
        rules = [*_rules_in(folder.parent.as_posix()), *rules]
        if _decide(rules, _slashed(folder)):
            rules = []
    return _Folder("", (*_rules_in(root.as_posix()), *rules))


def _rules_in(folder: str) -> Iterator[_Rules]:
    for name in IGNORE_FILES:
        yield from _read(Path(folder, name), Path(folder))


def _read(file: Path, base: Path) -> Iterator[_Rules]:
    """The rules in a file, if it is there and says anything."""
    try:
        with file.open("rb") as stream:
            text = os.fsdecode(stream.read(_LARGEST).removeprefix(b"\xef\xbb\xbf"))
    except OSError:
        return
    rules = [rule for line in text.split("\n") if (rule := _rule(line)) is not None]
    if rules:
        source = ".git/info/exclude" if file.name == "exclude" else file.name
        yield _Rules(source, _slashed(base), tuple(reversed(rules)))
