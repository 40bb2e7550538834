"""Draws moments of file changes."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from leanwide_bench.next_edit.cases import FileVersions, NextEditCase, history, moment_after
from leanwide_bench.next_edit.following import expectation
from leanwide_bench.next_edit.hunks import Hunk, hunks

_MOST_LINES: Final = 5_000
"""Of a file."""
_MOST_CHANGED: Final = 0.5
"""Share of the lines that a change touches; what touches more is a rewrite."""


def cases(changes: Iterable[FileVersions], moments: int, seed: int) -> Iterator[NextEditCase]:
    """Yield cases: moments drawn from each change, after one of its hunks up to all of them.

    Args:
        changes: The changes.
        moments: The most from one change.
        seed: Another one draws other moments.
    """
    for change in changes:
        if max(len(change.before), len(change.after)) > _MOST_LINES:
            continue
        found = hunks(change.before, change.after)
        touched = sum(len(hunk.before) for hunk in found)
        if not found or touched > _MOST_CHANGED * len(change.before):
            continue
        chance = random.Random(f"{seed} {change.origin} {change.path}")  # noqa: S311  # no secret
        steps = range(1, len(found) + 1)
        for count in sorted(chance.sample(steps, min(moments, len(steps)))):
            yield case_after(change, found, count)


def case_after(change: FileVersions, found: Sequence[Hunk], count: int) -> NextEditCase:
    """Return the case after the first ``count`` hunks of a change."""
    done, left = found[:count], found[count:]
    grown = sum(hunk.growth for hunk in done)
    return NextEditCase(
        origin=change.origin,
        moment=moment_after(change.path, change.language, change.before, done),
        remaining=tuple(hunk.moved(grown) for hunk in left),
        expectation=expectation(history(done), left),
    )
