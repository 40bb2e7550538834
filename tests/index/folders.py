"""Makes workspaces on disk for tests."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leanwide.files.area import Folder, WorkspaceFolders
from leanwide.files.exclusions import Exclusions
from leanwide.files.ignored import IgnoreFiles

_TIMES = itertools.count(10**18, 10**9)


def write(root: Path, files: Mapping[str, str]) -> None:
    """Write files by their paths below a folder, each at a time of its own."""
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        now = next(_TIMES)
        os.utime(file, ns=(now, now))


def area_of(root: Path, *patterns: str, **limits: Any) -> WorkspaceFolders:
    """Return a workspace of one folder, with patterns that the user excludes."""
    return WorkspaceFolders(folders=(folder_of(root, *patterns),), **limits)


def folder_of(root: Path, *patterns: str, prefix: str = "", names: tuple[str, ...] = ()) -> Folder:
    """Return a folder of a workspace, with patterns that the user excludes."""
    exclusions = Exclusions(str(root), patterns, IgnoreFiles(root))
    return Folder(path=root, exclusions=exclusions, prefix=prefix, names=names)
