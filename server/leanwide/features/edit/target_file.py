"""The file that a test goes into, as it is now: the one feature that reads files by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Final

from attrs import frozen

from leanwide.context.view import View, split_lines, with_lf
from leanwide.features.document_names import judge
from leanwide.features.edit.target_location import NamingConvention, choose_location
from leanwide.files.area import WorkspaceFolders
from leanwide.files.credentials import has_credential
from leanwide.files.exclusions import why_text
from leanwide.files.plain import read_plain
from leanwide.files.shown import shown

Opened = Callable[[str], View | None]
"""Gives a document by its URI as the editor shows it; None where it is not open."""

_LARGEST: Final = 1_000_000
"""Bytes of a test file that is read."""


@frozen(kw_only=True)
class TargetFile:
    """Where a test goes."""

    uri: str
    name: str
    """Its path as seen from the project's root."""
    exists: bool
    version: int | None
    """Of the open document; None where the editor has not opened it."""
    lines: tuple[str, ...]
    """What it says now, lines with their endings."""
    example: tuple[str, ...]
    """Lines of a test file whose style is the project's, with LF endings."""


async def find_target_file(
    code: Path, habit: NamingConvention, area: WorkspaceFolders, opened: Opened
) -> TargetFile | str:
    """Find where a test for ``code`` goes; or say in a sentence why that cannot be."""
    root = area.root(str(code))
    home = await asyncio.to_thread(choose_location, code, root, habit, _listing)
    path, name = Path(home.path), path_in_project(home.path, root)
    judged = await asyncio.to_thread(judge, area, str(path))
    if judged.reason:
        return f"{judged.reason}."
    view = opened(path.as_uri())
    exists = home.exists or view is not None
    lines = view.lines if view is not None else await asyncio.to_thread(_read, path)
    if exists and lines is None:
        return f"{shown(name)} cannot be read: a test cannot be added to it."
    if lines and (reason := await asyncio.to_thread(why_text, path.name, lines)):
        return f"{reason}."
    example = await asyncio.to_thread(_harmless, lines)
    if not exists and home.example is not None:
        example = await asyncio.to_thread(_example, Path(home.example), area)
    return TargetFile(
        uri=path.as_uri(),
        name=name,
        exists=exists,
        version=view.version if view is not None else None,
        lines=lines or (),
        example=tuple(map(with_lf, example or ())),
    )


def path_in_project(path: PurePath, root: PurePath | None) -> str:
    """A path as seen from the project's root, or the name alone outside of it."""
    inside = root is not None and path.is_relative_to(root)
    return path.relative_to(root).as_posix() if inside and root is not None else path.name


def _example(path: Path, area: WorkspaceFolders) -> tuple[str, ...] | None:
    judged = judge(area, str(path))
    if judged.reason or area.may_hold_secrets(str(path)) or area.may_hold_secrets(judged.place):
        return None
    lines = _read(path)
    return None if lines is None or why_text(path.name, lines) else _harmless(lines)


def _harmless(lines: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Lines that the model may read: none where there is a credential in one of them."""
    return None if lines is None or has_credential("".join(lines)) else lines


def _read(path: Path) -> tuple[str, ...] | None:
    """The lines of a file; None where it is not a text of bearable size."""
    try:
        text = read_plain(path, _LARGEST).decode("utf-8")
    except (OSError, ValueError):
        return None
    return tuple(split_lines(text)) if "\0" not in text else None


def _listing(folder: PurePath) -> frozenset[str] | None:
    try:
        return frozenset(entry.name for entry in Path(folder).iterdir() if entry.is_file())
    except OSError:
        return None
