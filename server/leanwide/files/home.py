"""Paths that begin with ``~``, as users write them."""

from __future__ import annotations

from pathlib import Path


def expanded(path: str | Path) -> Path:
    """Return a path with a home folder for ``~``; as written, where there is no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
