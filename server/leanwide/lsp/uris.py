"""Addresses of documents and folders: any text may come as one."""

from __future__ import annotations

from typing import Final

from pygls.uris import to_fs_path

_LOCAL: Final = "//localhost/"
"""How a path begins whose URI names this machine for a host."""
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
    if path is None:
        return ""
    if "\0" in path:
        return "the URI names a file with a NUL character in its name, which no file has"
    rooted = path.startswith(("/", "\\")) or path[1:2] == ":"
    return "" if rooted else "the URI names a file without saying where it is"


def file_path(uri: str) -> str | None:
    """Return the absolute path of a file; None where the URI names none on this machine."""
    path = None if unusable(uri) else to_fs_path(uri)
    return None if path is None else without_host(path)


def without_host(path: str) -> str:
    """Return the path that a URI with this machine for a host leads to: RFC 8089 allows that."""
    start = path[: len(_LOCAL)].lower()
    return path[len(_LOCAL) - 1 :] if start == _LOCAL else path
