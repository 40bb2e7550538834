"""File changes out of the commits of a git repository.

git itself reads its objects, by commands that run nothing of the repository: no hook, no filter, no
driver of its configuration, no transport.
"""

from __future__ import annotations

import random
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Final, NamedTuple

from leanwide import child
from leanwide.context.view import split_lines, with_lf
from leanwide.files.exclusions import MAX_FILE_SIZE, SECRETS_ONLY, text_exclusion_reason
from leanwide.syntax import language_for
from leanwide_bench.next_edit.cases import FileVersions

_MAX_COMMITS: Final = 50_000
"""The newest commits, which are drawn from."""
_BATCH: Final = 200
"""Commits that git is asked for at once."""
_MAX_FILES: Final = 100
"""Files of a commit."""
_REGULAR: Final = frozenset({"100644", "100755"})
"""Modes of regular files."""
_SAFE: Final = (
    *("--no-pager", "--no-replace-objects"),
    *("-c", "core.fsmonitor=false", "-c", "protocol.allow=never"),
)
"""Some commands read the index, which asks the repository's file monitor; and a partial clone would
fetch what it lacks."""


class GitError(RuntimeError):
    """git cannot be run, or the folder is no repository."""


class _ChangedBlob(NamedTuple):
    commit: str
    path: str
    before: str
    after: str


async def commit_changes(folder: Path, seed: int) -> AsyncIterator[Sequence[FileVersions]]:
    """Yield the files that a commit changed, of one commit after the other, in random order.

    Merges, files of unknown languages and files that never enter a prompt are left out.

    Args:
        folder: The absolute path of a repository, or of a folder in it.
        seed: Another one gives another order.

    Raises:
        GitError: git fails.
    """
    listed = await _git(folder, "rev-list", "--no-merges", f"-{_MAX_COMMITS}", "HEAD")
    commits = listed.decode("ascii").split()
    random.Random(seed).shuffle(commits)  # noqa: S311  # no secret
    for at in range(0, len(commits), _BATCH):
        changed = await _changed(folder, commits[at : at + _BATCH])
        for _, group in groupby(changed, key=lambda each: each.commit):
            blobs = list(islice(group, _MAX_FILES))
            texts = await _texts(folder, [sha for each in blobs for sha in each[2:]])
            yield [found for each in blobs if (found := _change(each, texts)) is not None]


async def _changed(folder: Path, commits: Sequence[str]) -> list[_ChangedBlob]:
    """Return the modified files of commits in known languages."""
    options = ("--stdin", "-r", "--diff-filter=M", "--no-renames", "--no-ext-diff", "--raw")
    output = await _git(folder, "diff-tree", *options, given="\n".join(commits) + "\n")
    found: list[_ChangedBlob] = []
    commit = ""
    for line in output.decode("utf-8", "replace").splitlines():
        if not line.startswith(":"):
            commit = line.strip()
            continue
        head, _, path = line.partition("\t")
        old_mode, mode, before, after, _ = head[1:].split(" ")
        if {old_mode, mode} <= _REGULAR and _is_shown(path):
            found.append(_ChangedBlob(commit, path, before, after))
    return found


def _is_shown(path: str) -> bool:
    """Whether a path, which git quotes where it has unusual characters, is of a known language."""
    quoted = path.startswith('"')
    return not quoted and language_for("", path) is not None and not SECRETS_ONLY.reason(path)


async def _texts(folder: Path, shas: Sequence[str]) -> dict[str, str]:
    """Return the texts of blobs; without those that are large or binary."""
    given = "\n".join(dict.fromkeys(shas)) + "\n"
    checked = await _git(folder, "cat-file", "--batch-check", given=given)
    sizes = (line.split() for line in checked.decode("ascii").splitlines())
    small = [size[0] for size in sizes if len(size) == 3 and int(size[2]) <= MAX_FILE_SIZE]
    output = await _git(folder, "cat-file", "--batch", given="\n".join(small) + "\n")
    found: dict[str, str] = {}
    at = 0
    for sha in small:
        start = output.index(b"\n", at) + 1
        at = start + int(output[at:start].split()[2])
        if b"\0" not in output[start:at]:
            found[sha] = output[start:at].decode("utf-8-sig", "replace")
        at += 1
    return found


def _change(changed: _ChangedBlob, texts: dict[str, str]) -> FileVersions | None:
    language = language_for("", changed.path)
    old, new = texts.get(changed.before), texts.get(changed.after)
    if language is None or old is None or new is None:
        return None
    before, after = split_lines(with_lf(old)), split_lines(with_lf(new))
    if text_exclusion_reason(changed.path, before) or text_exclusion_reason(changed.path, after):
        return None
    return FileVersions(
        origin=changed.commit[:12],
        path=changed.path,
        language=language,
        before=tuple(before),
        after=tuple(after),
    )


async def _git(folder: Path, *command: str, given: str = "") -> bytes:
    """Return what a git command prints, with a text on its stdin.

    Raises:
        GitError: It cannot be started, or fails.
    """
    try:
        process = await child.start(("git", *_SAFE, "-C", str(folder), *command), stderr=PIPE)
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror}") from error
    output, complaint = await process.communicate(given.encode())
    if process.returncode:
        lines = complaint.decode("utf-8", "replace").strip().splitlines()
        raise GitError(f"git reads no history in {folder}: {lines[0] if lines else 'no reason'}")
    return output
