"""Runs git itself, with settings of the test's own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest


def use_home(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Let git, and readers of its settings, use ``home`` as the user's home folder."""
    for name in tuple(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    home.mkdir(exist_ok=True)


def git(folder: Path, *words: str) -> None:
    """Run git in a folder."""
    names = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *names, *words], cwd=folder, check=True, capture_output=True)


def ignored_by_git(folder: Path, paths: Iterable[bytes]) -> set[bytes]:
    """Return those of the paths, relative to a folder, that git ignores."""
    command = ["git", "check-ignore", "--no-index", "--stdin", "-z"]
    named = {path.rstrip(b"/"): path for path in paths}
    asked = b"".join(path + b"\0" for path in named)
    done = subprocess.run(command, cwd=folder, input=asked, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return {named[path] for path in done.stdout.split(b"\0") if path}
