"""Whether a file holds secrets, by its path alone. Pure, and linear in the length of the path.

A file that the user opens is excluded only if it certainly is a secret: ``secrets.yaml``, but not
``secrets.py``, for source code is what users write. Files that leanwide chooses itself as context
for others are excluded more strictly: ``secrets.py`` too, and everything in a folder ``secrets``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Final

from attrs import frozen

from leanwide.files.name_patterns import Patterns, grouped, patterns
from leanwide.files.secret_names import (
    CAREFUL_COMPOUNDS,
    CAREFUL_ENDINGS,
    CAREFUL_WORDS,
    COMPOUNDS,
    COPIES,
    DATA_FILES,
    FILES,
    FOLDERS,
    PROSE,
    SAMPLES,
    SOURCE,
    WORDS,
)

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""A word of a name in snake, kebab or camel case."""
_MAX_COPY_MARKS: Final = 3
"""Marks of a copy that are removed from a name."""


def is_secret(path: str, root: str = "") -> bool:
    """Whether a file certainly holds secrets, by its name or a folder around it.

    Args:
        path: The file. For a link, call it with the link's path and the target's.
        root: The workspace. Words in the names of the folders above it do not count.
    """
    parsed = _parse(path, root)
    if _is_in_secret_folder(parsed.folders):
        return True
    is_sample = not SAMPLES.isdisjoint(map(str.casefold, parsed.pieces[1:][-2:]))
    return not is_sample and (_has_known_name(parsed) or _has_secret_word(parsed))


def may_hold_secrets(path: str, root: str = "") -> bool:
    """Whether a file may hold secrets, so that it is no context for others; true for secrets."""
    parsed = _parse(path, root)
    if _is_in_secret_folder(parsed.folders) or _has_known_name(parsed) or _has_secret_word(parsed):
        return True
    return any(map(_suggests_secrets, (*parsed.inner, *parsed.pieces)))


def holds_secrets(folder: str) -> bool:
    """Whether everything in a folder is a secret, by its own name or one of a folder around it."""
    return _is_in_secret_folder(_joined(PurePath(folder).parts))


@frozen
class _ParsedPath:
    """The parts of a path that tell about secrets."""

    folders: str
    """The folders in lower case, each between two slashes."""
    inner: tuple[str, ...]
    """The names of the folders below the workspace's root."""
    name: str
    """The name in lower case, without copy marks."""
    pieces: tuple[str, ...]
    """The name split at its dots, without those at its start."""

    @property
    def suffix(self) -> str:
        """The last piece in lower case; "" if there is only one."""
        return self.pieces[-1].casefold() if len(self.pieces) > 1 else ""

    @property
    def names(self) -> tuple[str, str]:
        """The name, and the name without a dot at its start."""
        return self.name, self.name.lstrip(".")


def _by_folders(paths: Iterable[str]) -> tuple[tuple[str, Patterns], ...]:
    """Return folders, with the patterns of names that are secrets in them."""
    split = (path.rpartition("/") for path in paths)
    found = grouped((f"/{folders}/", name) for folders, _, name in split)
    return tuple((folders, patterns(names)) for folders, names in found.items())


def _last(folders: str) -> str:
    """Return the innermost of folders joined by slashes."""
    return folders[:-1].rpartition("/")[2]


_ANYWHERE: Final = patterns(name for name in FILES if "/" not in name)
_DATA: Final = patterns(DATA_FILES)
_IN_FOLDERS: Final = grouped(
    (_last(folders), (folders, names))
    for folders, names in _by_folders(name for name in FILES if "/" in name and "**" not in name)
)
_BELOW_FOLDERS: Final = _by_folders(name.replace("/**", "") for name in FILES if "**" in name)
_SECRET_FOLDERS: Final = tuple(f"/{name}/" for name in FOLDERS)


def _joined(folders: Iterable[str]) -> str:
    """Return folders in lower case, each between two slashes."""
    return f"/{'/'.join(folders)}/".casefold()


def _is_in_secret_folder(folders: str) -> bool:
    return any(folder in folders for folder in _SECRET_FOLDERS)


def _parse(path: str, root: str) -> _ParsedPath:
    parts = PurePath(path).parts or ("",)
    above = PurePath(root).parts
    inside = bool(above) and parts[: len(above)] == above
    name = parts[-1].strip("#").rstrip(" .")
    for _ in range(_MAX_COPY_MARKS):
        if name.casefold().endswith(COPIES):
            name = name[: name.rindex("~" if name.endswith("~") else ".")]
    return _ParsedPath(
        folders=_joined(parts[:-1]),
        inner=parts[len(above) : -1] if inside else parts[-2:-1],
        name=name.casefold(),
        pieces=tuple(name.lstrip(".").split(".")),
    )


def _has_known_name(path: _ParsedPath) -> bool:
    """Whether a file has the name of a known secret."""
    if any(map(_ANYWHERE.match, path.names)) or _has_known_name_in_folder(path):
        return True
    is_code = path.suffix in SOURCE or path.suffix in PROSE
    return not is_code and any(map(_DATA.match, path.names))


def _has_known_name_in_folder(path: _ParsedPath) -> bool:
    """Whether a file has the name of a known secret in its folder."""
    near = _IN_FOLDERS.get(_last(path.folders), ())
    return any(
        path.folders.endswith(folders) and names.match(path.name) for folders, names in near
    ) or any(
        folders in path.folders and names.match(path.name) for folders, names in _BELOW_FOLDERS
    )


def _has_secret_word(path: _ParsedPath) -> bool:
    """Whether a word in the name of a data file, or of its folders, means a secret."""
    if path.suffix in SOURCE:
        return False
    words = [found for piece in path.pieces if (found := _words(piece))]
    if path.suffix in PROSE:
        return any(len(found) == 1 and found[0] in WORDS for found in words)
    if any(found[-1] in WORDS or found[-1].endswith(COMPOUNDS) for found in words):
        return True
    return any(folder.casefold().lstrip(".") in CAREFUL_WORDS for folder in path.inner)


def _suggests_secrets(name: str) -> bool:
    """Whether the name of a folder, or a piece of a file's name, suggests secrets."""
    words = _words(name)
    return any(word in CAREFUL_WORDS or word.endswith(CAREFUL_COMPOUNDS) for word in words) or (
        bool(words) and words[-1] in CAREFUL_ENDINGS
    )


def _words(name: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(name)]
