"""Whether a file holds secrets, by its path alone. Pure; takes time linear in the path's length.

A file that somebody opens is left alone where it is a secret for certain: ``secrets.yaml``, but not
``secrets.py``, for source code is what people write. What is drawn in from elsewhere is nobody's
wish, so more of it is left out: ``secrets.py`` too, and all that is in a folder ``secrets``.
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
_MOST_COPIES: Final = 3
"""Marks of a copy that are taken off a name."""


def is_secret(path: str, root: str = "") -> bool:
    """Whether a file holds secrets for certain, by its name or by a folder that it is in.

    Args:
        path: The file. Of a link, ask for its own path and for the one that it leads to.
        root: The workspace. Words in the names of the folders above it say nothing.
    """
    place = _place(path, root)
    if _is_way_to_secrets(place.way):
        return True
    return not _is_sample(place) and (_is_named(place) or _is_worded(place))


def may_hold_secrets(path: str, root: str = "") -> bool:
    """Whether a file is not to be drawn in from elsewhere; true of every secret."""
    place = _place(path, root)
    if _is_way_to_secrets(place.way) or _is_named(place) or _is_worded(place):
        return True
    return any(map(_is_careful, (*place.inner, *place.pieces)))


def holds_secrets(folder: str) -> bool:
    """Whether everything in a folder is a secret, by its own name or by one on its way."""
    return _is_way_to_secrets(_way(PurePath(folder).parts))


@frozen
class _Place:
    """A path, taken apart."""

    way: str
    """The folders in lower case, each between two slashes."""
    inner: tuple[str, ...]
    """The folders below the workspace's root, as they are spelled."""
    name: str
    """In lower case, without what marks a copy."""
    pieces: tuple[str, ...]
    """The name as it is spelled, split at its dots; without those that it begins with."""

    @property
    def suffix(self) -> str:
        """The last piece in lower case; "" where there is one piece."""
        return self.pieces[-1].casefold() if len(self.pieces) > 1 else ""

    @property
    def names(self) -> tuple[str, str]:
        """The name, and what it is without a dot in front."""
        return self.name, self.name.lstrip(".")


def _by_ways(paths: Iterable[str]) -> tuple[tuple[str, Patterns], ...]:
    """Ways, and the patterns of names that are secrets there."""
    split = (path.rpartition("/") for path in paths)
    found = grouped((f"/{folders}/", name) for folders, _, name in split)
    return tuple((way, patterns(inside)) for way, inside in found.items())


def _last(way: str) -> str:
    """The folder at the end of a way."""
    return way[:-1].rpartition("/")[2]


_ANYWHERE: Final = patterns(name for name in FILES if "/" not in name)
_DATA: Final = patterns(DATA_FILES)
_IN_FOLDERS: Final = grouped(
    (_last(way), (way, names))
    for way, names in _by_ways(name for name in FILES if "/" in name and "**" not in name)
)
_BELOW_FOLDERS: Final = _by_ways(name.replace("/**", "") for name in FILES if "**" in name)
_FOLDERS: Final = tuple(f"/{name}/" for name in FOLDERS)


def _way(folders: Iterable[str]) -> str:
    return f"/{'/'.join(folders)}/".casefold()


def _is_way_to_secrets(way: str) -> bool:
    return any(folder in way for folder in _FOLDERS)


def _place(path: str, root: str) -> _Place:
    parts = PurePath(path).parts or ("",)
    above = PurePath(root).parts
    inside = bool(above) and parts[: len(above)] == above
    name = _without_copies(parts[-1])
    return _Place(
        way=_way(parts[:-1]),
        inner=parts[len(above) : -1] if inside else parts[-2:-1],
        name=name.casefold(),
        pieces=tuple(name.lstrip(".").split(".")),
    )


def _without_copies(name: str) -> str:
    kept = name.strip("#").rstrip(" .")
    for _ in range(_MOST_COPIES):
        if kept.casefold().endswith(COPIES):
            kept = kept[: kept.rindex("~" if kept.endswith("~") else ".")]
    return kept


def _is_sample(place: _Place) -> bool:
    return not SAMPLES.isdisjoint(map(str.casefold, place.pieces[1:][-2:]))


def _is_named(place: _Place) -> bool:
    """Whether a file has one of the known names."""
    if any(map(_ANYWHERE.match, place.names)) or _is_named_by_folder(place):
        return True
    is_code = place.suffix in SOURCE or place.suffix in PROSE
    return not is_code and any(map(_DATA.match, place.names))


def _is_named_by_folder(place: _Place) -> bool:
    near = _IN_FOLDERS.get(_last(place.way), ())
    return any(place.way.endswith(way) and names.match(place.name) for way, names in near) or any(
        way in place.way and names.match(place.name) for way, names in _BELOW_FOLDERS
    )


def _is_worded(place: _Place) -> bool:
    """Whether a file of data says in a word that it, or the folder that it is in, is secret."""
    if place.suffix in SOURCE:
        return False
    words = [found for piece in place.pieces if (found := _words(piece))]
    if place.suffix in PROSE:
        return any(len(found) == 1 and found[0] in WORDS for found in words)
    folders = (folder.casefold().lstrip(".") for folder in place.inner)
    return any(_is_word(found[-1]) for found in words) or any(
        folder in CAREFUL_WORDS for folder in folders
    )


def _is_word(word: str) -> bool:
    return word in WORDS or word.endswith(COMPOUNDS)


def _is_careful(name: str) -> bool:
    """Whether the name of a folder, or a piece of a file's, lets one expect secrets."""
    words = _words(name)
    return any(word in CAREFUL_WORDS or word.endswith(CAREFUL_COMPOUNDS) for word in words) or (
        bool(words) and words[-1] in CAREFUL_ENDINGS
    )


def _words(name: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(name)]
