"""Draws holes, visits and documented functions from some files of a repository."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from attrs import frozen

from leanwide.features.workspace_context import WorkspaceContext
from leanwide.files.area import Folder, WorkspaceFolders
from leanwide.files.exclusions import Exclusions, text_exclusion_reason
from leanwide.files.ignored import IgnoreFiles
from leanwide.index.crawl import CrawledFile, crawl
from leanwide.index.reading import read_lines
from leanwide.index.workspace_index import WorkspaceIndex
from leanwide.syntax import language_for, parse
from leanwide.tuning.documented import documented
from leanwide.tuning.holes import Hole, SourceFile, holes, round_robin
from leanwide.tuning.visits import Visit, visits

MAX_HOLES: Final = 600
"""Holes that are drawn: no run has time to measure more."""
_MAX_VISITS: Final = 300
INDEX_SHARE: Final = 0.15
"""Largest share of a run's time that building the index may take."""
_MAX_FILES: Final = 150
"""Files that holes are drawn from; each is read and parsed."""
_MAX_FROM_A_FILE: Final = 60
_MAX_LISTED: Final = 100_000
_MAX_INDEXED: Final = 2_000
"""Indexed files, the nearest to the holes: related snippets come from them."""


@frozen(kw_only=True)
class SampledRepository:
    """The places of a repository to measure at."""

    folder: Path
    area: WorkspaceFolders
    """The folders that related snippets come from."""
    holes: tuple[Hole, ...]
    """In the order in which they are measured; kinds and files alternate."""
    visits: tuple[Visit, ...]
    """Files alternate."""
    documented: tuple[Hole, ...]
    """Documented functions; files alternate."""
    files: int
    """Number of files that were found."""


def read_repository(root: Path, exclude: tuple[str, ...], seed: int = 0) -> SampledRepository:
    """Draw places from the files under ``root`` that leanwide may show to a model.

    Args:
        root: A folder, or a single file.
        exclude: The user's patterns of excluded files.
        seed: Another seed draws other files.
    """
    root = root.resolve()
    folder = root if root.is_dir() else root.parent
    exclusions = Exclusions(str(folder), exclude, IgnoreFiles(folder))
    folders = (Folder(path=folder, exclusions=exclusions),)
    area = WorkspaceFolders(folders=folders, most_files=_MAX_LISTED)
    found = crawl(area, lambda: None)
    if root != folder:
        found = tuple(file for file in found if area.file(file.key) == root)
    # In an order that is random, and the same for the same seed.
    drawn = sorted(found, key=lambda file: hashlib.sha256(f"{seed}\0{file.key}".encode()).digest())
    sources = list(islice(filter(None, (_source(area, file) for file in drawn)), _MAX_FILES))
    by_file: list[Iterator[Hole]] = [islice(holes(file), _MAX_FROM_A_FILE) for file in sources]
    near = tuple({key for source in sources if (key := area.key(source.path)) is not None})
    return SampledRepository(
        folder=folder,
        area=WorkspaceFolders(folders=folders, near=tuple(sorted(near)), most_files=_MAX_INDEXED),
        holes=round_robin(by_file, MAX_HOLES),
        visits=round_robin([visits(source) for source in sources], _MAX_VISITS),
        documented=round_robin([documented(source) for source in sources], MAX_HOLES),
        files=len(found),
    )


def build_index(area: WorkspaceFolders, folder: Path, seconds: float) -> WorkspaceContext:
    """Index folders for at most ``seconds``; the result does not change any more.

    Args:
        area: The folders to index.
        folder: Where the index is saved; not the folder that the server uses.
        seconds: Time for it.
    """
    index = WorkspaceIndex(folder, rest=0.0)
    workspace = WorkspaceContext(index)
    workspace.build(area)
    index.wait(seconds)
    index.close()
    return workspace


def _source(area: WorkspaceFolders, found: CrawledFile) -> SourceFile | None:
    """Parse a file; return None if it is gone, excluded or in no known language."""
    if (path := area.file(found.key)) is None:
        return None
    language, lines = language_for("", path.name), read_lines(path)
    if language is None or not lines or text_exclusion_reason(path.name, lines) is not None:
        return None
    return SourceFile(str(path), path.as_uri(), parse(language, lines))
