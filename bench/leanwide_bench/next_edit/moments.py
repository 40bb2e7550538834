"""Draws moments of file changes."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from attrs import evolve, frozen

from leanwide_bench.next_edit.cases import (
    FileVersions,
    NextEditCase,
    history,
    moment_after,
    opened,
)
from leanwide_bench.next_edit.following import expectation
from leanwide_bench.next_edit.hunks import Hunk, hunks

_MOST_LINES: Final = 5_000
"""Of a file."""
_MOST_CHANGED: Final = 0.5
"""Share of the lines that a change touches; what touches more is a rewrite."""


@frozen
class _FileChange:
    file: FileVersions
    hunks: tuple[Hunk, ...]


def cases(files: Iterable[FileVersions], moments: int, seed: int) -> Iterator[NextEditCase]:
    """Yield cases: moments drawn from each change, after one of its hunks up to all of them.

    Args:
        files: Changed files.
        moments: The most from one of them.
        seed: Another one draws other moments.
    """
    for change in _changes(files):
        file = change.file
        chance = random.Random(f"{seed} {file.origin} {file.path}")  # noqa: S311  # no secret
        steps = range(1, len(change.hunks) + 1)
        for count in sorted(chance.sample(steps, min(moments, len(steps)))):
            done, left = change.hunks[:count], change.hunks[count:]
            grown = sum(hunk.growth for hunk in done)
            yield NextEditCase(
                origin=file.origin,
                moment=moment_after(file.path, file.language, file.before, done),
                remaining=tuple(hunk.moved(grown) for hunk in left),
                expectation=expectation(history(done), left),
            )


def cases_across(files: Iterable[FileVersions]) -> Iterator[NextEditCase]:
    """Yield cases across files: all of one file's change is the history, and the next file follows.

    Args:
        files: Files of one commit or release.
    """
    for done, left in pairwise(_changes(files)):
        file, other = done.file, left.file
        if file.language != other.language:
            continue
        moment = moment_after(file.path, file.language, file.before, done.hunks)
        yield NextEditCase(
            origin=file.origin,
            moment=evolve(moment, other=opened(other.path, other.language, other.before)),
            remaining=left.hunks,
            expectation=expectation(history(done.hunks), left.hunks),
        )


def _changes(files: Iterable[FileVersions]) -> Iterator[_FileChange]:
    """Yield the changes that are no rewrites."""
    for file in files:
        if max(len(file.before), len(file.after)) <= _MOST_LINES:
            found = hunks(file.before, file.after)
            touched = sum(len(hunk.before) for hunk in found)
            if found and touched <= _MOST_CHANGED * len(file.before):
                yield _FileChange(file, found)
