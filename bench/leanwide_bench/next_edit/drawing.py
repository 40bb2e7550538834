"""Draws cases from a git history, from releases, from two folders, or from the scenarios."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from attrs import frozen

from leanwide_bench.next_edit.cases import FileVersions, NextEditCase
from leanwide_bench.next_edit.git_history import commit_changes
from leanwide_bench.next_edit.moments import cases
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


@frozen(kw_only=True)
class CaseDraw:
    """What cases are drawn from, and how many of them."""

    source: CaseSource
    languages: frozenset[str] = frozenset()
    """Names of languages; empty: all."""
    moments: int = 1
    """Most cases of one change of a file."""
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
        if not draw.languages or case.moment.tree.language.name in draw.languages:
            yield case
            left -= 1
        if not left:
            return


async def _cases(draw: CaseDraw) -> AsyncIterator[NextEditCase]:
    match draw.source:
        case CommitHistory(folder):
            async for change in commit_changes(folder, draw.seed):
                for found in cases([change], draw.moments, draw.seed):
                    yield found
        case FetchedReleases(folder):
            for found in _shuffled(release_changes(folder), draw):
                yield found
        case FolderPair(old, new):
            changes = folder_changes(old, new, f"{old.name} to {new.name}")
            for found in _shuffled(changes, draw):
                yield found
        case OwnScenarios():
            for found in scenarios():
                yield found


def _shuffled(changes: Iterable[FileVersions], draw: CaseDraw) -> Iterable[NextEditCase]:
    found = list(changes)
    random.Random(draw.seed).shuffle(found)  # noqa: S311  # no secret
    return cases(found, draw.moments, draw.seed)
