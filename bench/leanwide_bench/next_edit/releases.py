"""File changes between two folders, such as two releases of a package."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from leanwide.context.view import with_lf
from leanwide.files.area import Folder, WorkspaceFolders
from leanwide.files.exclusions import Exclusions, text_exclusion_reason
from leanwide.index.crawl import crawl
from leanwide.index.reading import read_lines
from leanwide.syntax import language_for
from leanwide_bench.next_edit.cases import FileVersions

LISTING: Final = "releases.json"
"""What ``scripts/fetch_releases.py`` writes next to the releases."""
_MAX_FILES: Final = 10_000


class ReleasesError(ValueError):
    """A folder does not hold what ``scripts/fetch_releases.py`` fetches."""


def release_changes(folder: Path) -> Iterator[FileVersions]:
    """Yield the changes between successive releases of every package in a folder.

    Raises:
        OSError: The listing cannot be read.
        ReleasesError: It lists something else.
    """
    try:
        listed = json.loads((folder / LISTING).read_text("utf-8"))
        packages = [
            (str(each["package"]), str(each["language"]), [str(one) for one in each["versions"]])
            for each in listed
        ]
    except (ValueError, LookupError, TypeError) as error:
        raise ReleasesError(f"{folder / LISTING} is not of scripts/fetch_releases.py") from error
    for package, language, versions in packages:
        for old, new in pairwise(versions):
            home = folder / language / package
            yield from folder_changes(home / old, home / new, f"{package} {old} to {new}")


def folder_changes(old: Path, new: Path, origin: str) -> Iterator[FileVersions]:
    """Yield the changes of files that both folders have and whose language is known.

    Files that never enter a prompt are left out.
    """
    old, new = old.resolve(), new.resolve()
    folders = (Folder(path=old, exclusions=Exclusions(str(old), ())),)
    area = WorkspaceFolders(folders=folders, most_files=_MAX_FILES)
    files = [file for each in crawl(area, lambda: None) if (file := area.file(each.key))]
    for path in sorted(file.relative_to(old).as_posix() for file in files):
        language = language_for("", path)
        before, after = read_lines(old / path), read_lines(new / path)
        if language is None or before is None or after is None or before == after:
            continue
        if text_exclusion_reason(path, before) or text_exclusion_reason(path, after):
            continue
        yield FileVersions(
            origin=origin,
            path=path,
            language=language,
            before=tuple(map(with_lf, before)),
            after=tuple(map(with_lf, after)),
        )
