"""Addresses of documents and folders: any text may come as one."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

from pygls.uris import to_fs_path

_LONGEST: Final = 32 * 1024
"""Characters; the longest path of any system in use, each character escaped."""


def unusable(uri: str) -> str:
    """Say why a text can be no document's address; empty where it can."""
    if not uri:
        return "the URI is empty"
    if len(uri) > _LONGEST:
        return f"the URI is longer than {_LONGEST} characters"
    try:
        path = to_fs_path(uri)
    except ValueError:
        return "the URI cannot be read"
    if path is not None and "\0" in path:
        return "the URI names a file with a NUL character in its name, which no file has"
    return ""


def file_path(uri: str) -> str | None:
    """Return the absolute path of a file; None where the URI names none on this machine."""
    path = None if unusable(uri) else to_fs_path(uri)
    return path if path is not None and PurePath(path).is_absolute() else None
