"""Draws cases from a git history, from releases, from two folders, or from the scenarios."""

from __future__ import annotations

import enum
import random
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path

from attrs import frozen

from leanwide_bench.next_edit.cases import FileVersions, NextEditCase
from leanwide_bench.next_edit.git_history import commit_changes
from leanwide_bench.next_edit.moments import cases, cases_across
from leanwide_bench.next_edit.releases import folder_changes, release_changes
from leanwide_bench.next_edit.scenarios import scenarios


@frozen
class CommitHistory:
    """The commits of a repository."""

    folder: Path


@frozen
class FetchedReleases:
    """Successive releases in a folder that ``scripts/fetch_releases.py`` wrote."""

    folder: Path


@frozen
class FolderPair:
    """Two folders with versions of the same files."""

    old: Path
    new: Path


@frozen
class OwnScenarios:
    """The scenarios written for this benchmark."""


CaseSource = CommitHistory | FetchedReleases | FolderPair | OwnScenarios


class CaseScope(enum.Enum):
    """Where what follows is sought."""

    SAME_FILE = enum.auto()
    """In the file that was edited."""
    OTHER_FILE = enum.auto()
    """In another open file that the same commit or release changed."""


@frozen(kw_only=True)
class CaseDraw:
    """What cases are drawn from, and how many of them."""

    source: CaseSource
    scope: CaseScope = CaseScope.SAME_FILE
    languages: frozenset[str] = frozenset()
    """Names of languages; empty: all."""
    moments: int = 1
    """Most cases of one change of a file, in the same file."""
    most: int
    """Most cases."""
    seed: int = 0


async def drawn(draw: CaseDraw) -> AsyncIterator[NextEditCase]:
    """Yield the drawn cases; the first of a larger number are those of a smaller one.

    Raises:
        GitError: The folder is no repository.
        OSError, ReleasesError: The folder holds no fetched releases.
    """
    left = draw.most
    async for case in _cases(draw):
        if not draw.languages or case.target.tree.language.name in draw.languages:
            yield case
            left -= 1
        if not left:
            return


async def _cases(draw: CaseDraw) -> AsyncIterator[NextEditCase]:
    match draw.source:
        case CommitHistory(folder):
            async for files in commit_changes(folder, draw.seed):
                for found in _of_group(files, draw):
                    yield found
        case FetchedReleases(folder):
            for found in _shuffled(release_changes(folder), draw):
                yield found
        case FolderPair(old, new):
            changed = folder_changes(old, new, f"{old.name} to {new.name}")
            for found in _shuffled(changed, draw):
                yield found
        case OwnScenarios():
            for found in scenarios():
                yield found


def _of_group(files: Sequence[FileVersions], draw: CaseDraw) -> Iterable[NextEditCase]:
    """Return the cases of files that changed together."""
    if draw.scope is CaseScope.OTHER_FILE:
        return cases_across(files)
    return cases(files, draw.moments, draw.seed)


def _shuffled(files: Iterable[FileVersions], draw: CaseDraw) -> Iterator[NextEditCase]:
    """Yield the cases of releases, in random order."""
    found = list(files)
    random.Random(draw.seed).shuffle(found)  # noqa: S311  # no secret
    if draw.scope is CaseScope.SAME_FILE:
        yield from _of_group(found, draw)
        return
    together: dict[str, list[FileVersions]] = {}
    for file in found:
        together.setdefault(file.origin, []).append(file)
    for group in together.values():
        yield from _of_group(group, draw)
