"""The file that a test goes into, as it is now. No other use case reads files itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Final

from attrs import frozen

from leanwide.context.view import Snapshot, split_lines, with_lf
from leanwide.features.edit.target_location import NamingConvention, choose_location
from leanwide.features.exclusion import judge
from leanwide.features.refusal import Refusal
from leanwide.files.area import WorkspaceFolders
from leanwide.files.credentials import has_credential
from leanwide.files.exclusions import text_exclusion_reason
from leanwide.files.plain import read_plain
from leanwide.files.shown import shown

Opened = Callable[[str], Snapshot | None]
"""Returns a document by its URI as the editor shows it; None if it is not open."""

_MAX_BYTES: Final = 1_000_000
"""Bytes of a test file; a larger one is not read."""


@frozen(kw_only=True)
class TargetFile:
    """The file that a test goes into."""

    uri: str
    name: str
    """Its path relative to the project's root."""
    exists: bool
    version: int | None
    """Of the open document; None where the editor has not opened it."""
    lines: tuple[str, ...]
    """Its present lines, with their endings."""
    example: tuple[str, ...]
    """Lines of a test file in the project's style, with LF endings."""


async def find_target_file(
    code: Path, convention: NamingConvention, folders: WorkspaceFolders, opened: Opened
) -> TargetFile:
    """Return the file that a test for ``code`` goes into, which may not exist yet.

    Args:
        code: The file that is tested.
        convention: How its tests are named and kept.
        folders: The workspace.
        opened: Returns an open document by its URI.

    Raises:
        Refusal: The file is excluded, or cannot be read.
    """
    root = folders.root(str(code))
    location = await asyncio.to_thread(choose_location, code, root, convention, _list_files)
    path, name = Path(location.path), path_in_project(location.path, root)
    verdict = await asyncio.to_thread(judge, folders, str(path))
    if verdict.reason is not None:
        raise Refusal(f"{verdict.reason}.")
    view = opened(path.as_uri())
    exists = location.exists or view is not None
    lines = view.lines if view is not None else await asyncio.to_thread(_read, path)
    if exists and lines is None:
        raise Refusal(f"{shown(name)} cannot be read: a test cannot be added to it.")
    if lines and (reason := await asyncio.to_thread(text_exclusion_reason, path.name, lines)):
        raise Refusal(f"{reason}.")
    example = await asyncio.to_thread(_without_credentials, lines)
    if not exists and location.example is not None:
        example = await asyncio.to_thread(_read_example, Path(location.example), folders)
    return TargetFile(
        uri=path.as_uri(),
        name=name,
        exists=exists,
        version=view.version if view is not None else None,
        lines=lines or (),
        example=tuple(map(with_lf, example or ())),
    )


def path_in_project(path: PurePath, root: PurePath | None) -> str:
    """Return a path relative to the project's root; the name alone if it is outside."""
    inside = root is not None and path.is_relative_to(root)
    return path.relative_to(root).as_posix() if inside and root is not None else path.name


def _read_example(path: Path, folders: WorkspaceFolders) -> tuple[str, ...] | None:
    """Return the lines of a file; None if the model may not read them."""
    verdict = judge(folders, str(path))
    if verdict.reason is not None or any(map(folders.may_hold_secrets, (str(path), verdict.place))):
        return None
    lines = _read(path)
    return (
        None
        if lines is None or text_exclusion_reason(path.name, lines)
        else _without_credentials(lines)
    )


def _without_credentials(lines: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return the lines; None if one of them holds a credential."""
    return None if lines is None or has_credential("".join(lines)) else lines


def _read(path: Path) -> tuple[str, ...] | None:
    """Return the lines of a file; None if it is unreadable, binary, or too large."""
    try:
        text = read_plain(path, _MAX_BYTES).decode("utf-8-sig")
    except (OSError, ValueError):
        return None
    return tuple(split_lines(text)) if "\0" not in text else None


def _list_files(folder: PurePath) -> frozenset[str] | None:
    try:
        return frozenset(entry.name for entry in Path(folder).iterdir() if entry.is_file())
    except OSError:
        return None
