"""URIs of documents and folders: a client may send any text as one."""

from __future__ import annotations

from typing import Final

from pygls.uris import to_fs_path

_LOCALHOST: Final = "//localhost/"
"""Prefix of a path whose URI names this machine as its host."""
_MAX_LENGTH: Final = 32 * 1024
"""In characters: the longest path of any system in use, each character escaped."""


def unusable(uri: str) -> str:
    """Return why a text cannot be a document's URI; "" where it can."""
    if not uri:
        return "the URI is empty"
    if len(uri) > _MAX_LENGTH:
        return f"the URI is longer than {_MAX_LENGTH} characters"
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
    """Return the absolute path that a URI names; None where it names no file on this machine."""
    path = None if unusable(uri) else to_fs_path(uri)
    return None if path is None else without_host(path)


def without_host(path: str) -> str:
    """Return the path of a URI that names this machine as its host, as RFC 8089 allows."""
    start = path[: len(_LOCALHOST)].lower()
    return path[len(_LOCALHOST) - 1 :] if start == _LOCALHOST else path
