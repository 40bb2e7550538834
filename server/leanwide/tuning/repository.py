"""Visits of a repository: files are listed, some are drawn, and take turns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from attrs import frozen

from leanwide.features.workspace_context import WorkspaceContext
from leanwide.files.area import Folder, WorkspaceFolders
from leanwide.files.exclusions import Exclusions, why_text
from leanwide.files.ignored import IgnoreFiles
from leanwide.index.crawl import CrawledFile, crawl
from leanwide.index.reading import read_lines
from leanwide.index.workspace_index import WorkspaceIndex
from leanwide.syntax import language_for, parse
from leanwide.tuning.documented import documented
from leanwide.tuning.holes import Hole, SourceFile, holes, round_robin
from leanwide.tuning.visits import Visit, visits

MAX_HOLES: Final = 600
"""Holes that are drawn: with more there is no time to measure them."""
_MAX_VISITS: Final = 300
INDEX_SHARE: Final = 0.15
"""Most of a run's time that the index may take."""
_MAX_FILES: Final = 150
"""Files that holes are drawn from: each is read and parsed."""
_MAX_FROM_A_FILE: Final = 60
_MAX_LISTED: Final = 100_000
_MAX_INDEXED: Final = 2_000
"""Files in which related snippets are looked for, the nearest to the holes."""


@frozen(kw_only=True)
class SampledRepository:
    """What a repository gives to measure with."""

    folder: Path
    area: WorkspaceFolders
    """Where related snippets are looked for."""
    holes: tuple[Hole, ...]
    """Single places, in the order in which they are measured; kinds and files take turns."""
    visits: tuple[Visit, ...]
    """Of several places each, files by turns."""
    documented: tuple[Hole, ...]
    """Functions that somebody said a few words of, files by turns."""
    files: int
    """Files that were found."""


def read_repository(root: Path, exclude: tuple[str, ...], seed: int = 0) -> SampledRepository:
    """Draw visits from the files under ``root`` that leanwide would show to a model.

    Args:
        root: A folder, or a single file.
        exclude: The user's own patterns of files to leave alone.
        seed: Another one draws other files.
    """
    root = root.resolve()
    folder = root if root.is_dir() else root.parent
    exclusions = Exclusions(str(folder), exclude, IgnoreFiles(folder))
    folders = (Folder(path=folder, exclusions=exclusions),)
    area = WorkspaceFolders(folders=folders, most_files=_MAX_LISTED)
    found = crawl(area, lambda: None)
    if root != folder:
        found = tuple(one for one in found if area.file(one.key) == root)
    drawn = sorted(found, key=lambda one: _lot(one, seed))
    sources = list(islice(filter(None, (_source(area, one) for one in drawn)), _MAX_FILES))
    files: list[Iterator[Hole]] = [islice(holes(one), _MAX_FROM_A_FILE) for one in sources]
    near = tuple({key for one in sources if (key := area.key(one.path)) is not None})
    return SampledRepository(
        folder=folder,
        area=WorkspaceFolders(folders=folders, near=tuple(sorted(near)), most_files=_MAX_INDEXED),
        holes=round_robin(files, MAX_HOLES),
        visits=round_robin([visits(one) for one in sources], _MAX_VISITS),
        documented=round_robin([documented(one) for one in sources], MAX_HOLES),
        files=len(found),
    )


def build_index(area: WorkspaceFolders, folder: Path, seconds: float) -> WorkspaceContext:
    """Index an area for so many seconds at most; then it stands still while others measure.

    Args:
        area: What to index.
        folder: Where the index is kept; the server's own is another one.
        seconds: Time for it.
    """
    index = WorkspaceIndex(folder, rest=0.0)
    workspace = WorkspaceContext(index)
    workspace.build(area)
    index.wait(seconds)
    index.close()
    return workspace


def _lot(found: CrawledFile, seed: int) -> str:
    return hashlib.sha256(f"{seed}\0{found.key}".encode()).hexdigest()


def _source(area: WorkspaceFolders, found: CrawledFile) -> SourceFile | None:
    """Parse a file; None where it is gone, or left alone for what it is."""
    if (path := area.file(found.key)) is None:
        return None
    language, lines = language_for("", path.name), read_lines(path)
    if language is None or not lines or why_text(path.name, lines) is not None:
        return None
    return SourceFile(str(path), path.as_uri(), parse(language, lines))
