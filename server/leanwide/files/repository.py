"""Finds git repositories, and reads the settings of git that concern ignore files.

Git itself is never started, and of its settings only ``core.excludesFile`` and ``core.ignoreCase``
are read. The user's own settings may name any path; those of a repository, which may have come with
it, may not name a file outside it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from attrs import frozen

from leanwide.files.home import expanded
from leanwide.files.reader import ANYWHERE, read_file

_MAX_SETTINGS_BYTES: Final = 256 * 1024
_MAX_POINTER_BYTES: Final = 8 * 1024
"""Bytes of a file that names a folder."""
_MAX_INCLUDED: Final = 20
"""Files that the user's settings may include."""
_SECTION: Final = re.compile(r'\[([A-Za-z0-9.-]+)(?:[ \t]+"((?:[^"\\]|\\.)*)")?\][ \t]*')
_KEY: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]*)[ \t]*(=)?[ \t]*")
_ESCAPED: Final[Mapping[str, str]] = {"n": "\n", "t": "\t", "b": "\b"}


@frozen(kw_only=True)
class Settings:
    """The settings that concern ignore files; None where they are not set."""

    excludes_file: str | None = None
    ignore_case: bool | None = None


@frozen(kw_only=True)
class GitRepository:
    """A git worktree."""

    top: Path
    """The folder of its files."""
    git: Path
    """Git's folder that all worktrees of the repository share."""
    settings: Settings

    @property
    def exclude(self) -> Path:
        """Its ignore file that is not committed."""
        return self.git / "info" / "exclude"


def repository_at(folder: Path) -> GitRepository | None:
    """Return the repository whose top folder is ``folder``; None where it is none."""
    entry = folder / ".git"
    git = entry if _is_folder(entry) else _named_folder(entry, folder, "gitdir:")
    if git is None:
        return None
    common = _named_folder(git / "commondir", git, "") or git
    if not (os.path.lexists(git / "HEAD") and _is_folder(common / "objects")):
        return None
    return GitRepository(top=folder, git=common, settings=_settings(common / "config", common, {}))


def user_settings() -> Settings:
    """Return the user's own settings, for every repository."""
    found = Settings()
    included: dict[Path, None] = {}
    for file in _user_files():
        found = _over(found, _settings(file, ANYWHERE, included))
    return found


def excludes_file(repository: GitRepository | None, user: Settings) -> tuple[Path, Path] | None:
    """Return the ignore file that the settings name, and the folder that it may link into.

    It is the repository's own if that lies in the repository, and otherwise the user's.
    """
    if repository is not None:
        for name in (repository.settings.excludes_file, user.excludes_file):
            own = _inside(repository, name) if name else None
            if own is not None:
                return own, repository.top
    if user.excludes_file is not None:
        chosen = _expanded(user.excludes_file)
    else:
        folder = _user_folder()
        chosen = None if folder is None else folder / "ignore"
    return None if chosen is None else (chosen, ANYWHERE)


def _inside(repository: GitRepository, name: str) -> Path | None:
    """Return the file with a name if it lies in the repository."""
    file = _expanded(name) if name.startswith("~") else repository.top / name
    if file is None or "\0" in name:
        return None
    file = Path(os.path.normpath(file))
    return file if file.is_relative_to(repository.top) else None


def _is_folder(path: Path) -> bool:
    """Whether there is a folder; unlike ``Path.is_dir``, raises nothing for a path too long."""
    return os.path.isdir(path)  # noqa: PTH112


def _named_folder(file: Path, base: Path, prefix: str) -> Path | None:
    """Return the folder that a file names after ``prefix``, relative to ``base``."""
    found = read_file(file, _MAX_POINTER_BYTES)
    if not isinstance(found, bytes) or not found.startswith(prefix.encode()):
        return None
    name = os.fsdecode(found[len(prefix) :].strip(b" \r\n"))
    if not name or "\0" in name or name.startswith(("//", "\\\\")):
        return None  # the last are paths on other machines
    return Path(os.path.normpath(base / name))


def _user_folder() -> Path | None:
    if chosen := os.environ.get("XDG_CONFIG_HOME"):
        return Path(chosen) / "git"
    return _expanded("~/.config/git")


def _user_files() -> Iterator[Path]:
    """Yield git's settings files of this machine and user; the last one takes precedence."""
    environment = os.environ
    if environment.get("GIT_CONFIG_NOSYSTEM", "").lower() not in ("1", "true", "yes", "on"):
        yield Path(environment.get("GIT_CONFIG_SYSTEM", "/etc/gitconfig"))
    if (chosen := environment.get("GIT_CONFIG_GLOBAL")) is not None:
        yield Path(chosen)
        return
    for file in ((_user_folder() or ANYWHERE) / "config", _expanded("~/.gitconfig")):
        if file is not None:
            yield file


def _expanded(name: str) -> Path | None:
    path = expanded(name)
    return path if path.is_absolute() and "\0" not in name else None


def _settings(file: Path, within: Path, included: dict[Path, None]) -> Settings:
    """Return the settings in a file; the user's may include others, added to ``included``."""
    found = Settings()
    data = read_file(file, _MAX_SETTINGS_BYTES, within)
    if not isinstance(data, bytes):
        return found
    for key, value in _values(os.fsdecode(data.removeprefix(b"\xef\xbb\xbf"))):
        if key == "core.excludesfile":
            found = _over(found, Settings(excludes_file=value))
        elif key == "core.ignorecase":
            found = _over(
                found, Settings(ignore_case=value.lower() in ("", "true", "yes", "on", "1"))
            )
        elif key == "include.path" and within == ANYWHERE and len(included) < _MAX_INCLUDED:
            other = _expanded(value) or file.parent / value
            if other not in included:
                included[other] = None
                found = _over(found, _settings(other, within, included))
    return found


def _over(below: Settings, above: Settings) -> Settings:
    return Settings(
        excludes_file=below.excludes_file if above.excludes_file is None else above.excludes_file,
        ignore_case=below.ignore_case if above.ignore_case is None else above.ignore_case,
    )


def _values(text: str) -> Iterator[tuple[str, str]]:
    """Yield the keys with their sections, in lower case, and their values."""
    section = ""
    lines = (line.strip() for line in text.split("\n"))
    for line in lines:
        head = _SECTION.match(line)
        if head is not None:
            section = head[1].lower() + (f".{head[2]}" if head[2] is not None else "")
        start = head.end() if head is not None else 0
        if (key := _KEY.match(line, start)) is not None:
            yield f"{section}.{key[1].lower()}", _value(line[key.end() :], lines)


def _value(line: str, following: Iterator[str]) -> str:
    """Return a value: with quotes, escapes, comments and continued lines resolved."""
    value, kept, quoted = [], 0, False
    characters = iter(line)
    while (character := next(characters, "")) != "":
        if character == '"':
            quoted = not quoted
        elif character == "\\":
            escaped = next(characters, "")
            if not escaped:
                characters = iter(next(following, ""))
            value.append(_ESCAPED.get(escaped, escaped))
        elif not quoted and character in "#;":
            break
        else:
            value.append(character)
        if quoted or character not in ' \t"':
            kept = len(value)
    return "".join(value[:kept])
