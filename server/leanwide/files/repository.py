"""What git keeps of a folder beside its ignore files: where its own folder is, and two settings.

Git itself is never started, and of its settings only ``core.excludesFile`` and ``core.ignoreCase``
are read. The user's own files may name any place; those of a repository, which may have come with
it, may not name a file outside of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from attrs import frozen

from leanwide.files.reader import ANYWHERE, read_file

_LARGEST: Final = 256 * 1024
"""Bytes of a file with settings."""
_POINTER: Final = 8 * 1024
"""Bytes of a file that names a folder."""
_MOST_INCLUDED: Final = 20
"""Files that the user's settings may include."""
_SECTION: Final = re.compile(r'\[([A-Za-z0-9.-]+)(?:[ \t]+"((?:[^"\\]|\\.)*)")?\][ \t]*')
_KEY: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]*)[ \t]*(=)?[ \t]*")
_ESCAPED: Final[Mapping[str, str]] = {"n": "\n", "t": "\t", "b": "\b"}


@frozen(kw_only=True)
class Settings:
    """What the settings say; None where they say nothing."""

    excludes_file: str | None = None
    ignore_case: bool | None = None


@frozen(kw_only=True)
class GitRepository:
    """A folder under git."""

    top: Path
    """Where its files are."""
    git: Path
    """Where git keeps what all of its worktrees share."""
    settings: Settings

    @property
    def exclude(self) -> Path:
        """Its ignore file that is no part of it."""
        return self.git / "info" / "exclude"


def repository_at(folder: Path) -> GitRepository | None:
    """Return the repository whose files begin at a folder; None where none does."""
    if (git := _git_folder(folder)) is None:
        return None
    common = _pointed(git / "commondir", git, "") or git
    if not (os.path.lexists(git / "HEAD") and _is_folder(common / "objects")):
        return None
    return GitRepository(top=folder, git=common, settings=_settings(common / "config", common, {}))


def user_settings() -> Settings:
    """Return what the user's own files say, for every repository."""
    found = Settings()
    included: dict[Path, None] = {}
    for file in _user_files():
        found = _over(found, _settings(file, ANYWHERE, included))
    return found


def excludes_file(repository: GitRepository | None, user: Settings) -> tuple[Path, Path] | None:
    """Return the ignore file that the settings name, and the folder to which it may be a link.

    It is the repository's own where that lies in the repository, and else the user's.
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
    """The file with a name, where it lies in the repository."""
    file = _expanded(name) if name.startswith("~") else repository.top / name
    if file is None or "\0" in name:
        return None
    file = Path(os.path.normpath(file))
    return file if file.is_relative_to(repository.top) else None


def _git_folder(folder: Path) -> Path | None:
    git = folder / ".git"
    return git if _is_folder(git) else _pointed(git, folder, "gitdir:")


def _is_folder(path: Path) -> bool:
    """Whether there is a folder; unlike ``Path.is_dir``, raises nothing for what is too long."""
    return os.path.isdir(path)  # noqa: PTH112


def _pointed(file: Path, base: Path, prefix: str) -> Path | None:
    """The folder that a file names, as seen from ``base``."""
    found = read_file(file, _POINTER)
    if not isinstance(found, bytes) or not found.startswith(prefix.encode()):
        return None
    name = os.fsdecode(found[len(prefix) :].strip(b" \r\n"))
    if not name or "\0" in name or name.startswith(("//", "\\\\")):
        return None  # the last would ask another machine
    return Path(os.path.normpath(base / name))


def _user_folder() -> Path | None:
    if chosen := os.environ.get("XDG_CONFIG_HOME"):
        return Path(chosen) / "git"
    return _expanded("~/.config/git")


def _user_files() -> Iterator[Path]:
    """Git's files of settings for this machine and user, the one that decides last."""
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
    try:
        path = Path(name).expanduser()
    except RuntimeError:  # there is no such user
        return None
    return path if path.is_absolute() and "\0" not in name else None


def _settings(file: Path, within: Path, included: dict[Path, None]) -> Settings:
    """Read a file of settings; those of the user may include others, which are noted."""
    found = Settings()
    data = read_file(file, _LARGEST, within)
    if not isinstance(data, bytes):
        return found
    for key, value in _values(os.fsdecode(data.removeprefix(b"\xef\xbb\xbf"))):
        if key == "core.excludesfile":
            found = _over(found, Settings(excludes_file=value))
        elif key == "core.ignorecase":
            found = _over(
                found, Settings(ignore_case=value.lower() in ("", "true", "yes", "on", "1"))
            )
        elif key == "include.path" and within == ANYWHERE and len(included) < _MOST_INCLUDED:
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
    """The keys with their sections, lower case, and their values."""
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
    """Read a value: quoted parts, escapes, comments, and the next line behind a backslash."""
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
