"""Folders with files that would hold a careless program for ever."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from itertools import islice, product
from pathlib import Path
from string import ascii_lowercase

import pytest

from tests.e2e.session import END, PROGRAM, Session, session
from tests.index.folders import write

WITHIN = 20.0
"""Seconds for what took for ever."""
HOSTILE = "*a*a*a*a*a*a*a*a*a*a*b"
LONG_NAME = "a" * 40 + ".py"
IGNORE_FILES = (".gitignore", ".leanwideignore", ".git/info/exclude", "sub/.gitignore")
GIT = {".git/HEAD": "ref: refs/heads/main\n", ".git/objects/x": ""}


def pipe(file: Path) -> None:
    os.mkfifo(file)


def zeros(file: Path) -> None:
    file.symlink_to("/dev/zero")


def sparse(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(10**9)


def outside(file: Path) -> None:
    other = file.parent.parent / "outside"
    other.write_text("[modes.code]\noutput_tokens = 2\n")
    file.symlink_to(other)


async def message(editor: Session, part: str) -> str:
    """Wait for the message with a part of its text; there is one."""
    async with asyncio.timeout(WITHIN):
        while not (found := [one.message for one in editor.client.messages if part in one.message]):
            await asyncio.sleep(0.05)
    (text,) = found
    return text


@pytest.mark.parametrize("make", [pipe, zeros, sparse, outside])
async def test_settings_outside_of_the_folder_are_ignored_with_one_line(
    tmp_path: Path, make: Callable[[Path], None]
):
    root = tmp_path / "root"
    root.mkdir()
    make(root / ".leanwide.toml")
    async with asyncio.timeout(3 * WITHIN), session(root=root) as editor:
        assert await editor.complete_when_ready(editor.open(), END)
        line = await message(editor, ".leanwide.toml is ignored: it is ")
        assert "\n" not in line


@pytest.mark.parametrize("make", [pipe, zeros, sparse])
async def test_unreadable_ignore_files_give_one_line(tmp_path: Path, make: Callable[[Path], None]):
    write(tmp_path, GIT | {"sub/a.py": "def somewhere():\n    pass\n", ".git/info/x": ""})
    for name in IGNORE_FILES:
        make(tmp_path / name)
    async with asyncio.timeout(3 * WITHIN), session(root=tmp_path) as editor:
        assert await editor.complete_when_ready(editor.open(), END)
        assert (await editor.indexed()).files == 1
        line = await message(editor, "Ignore files that do not count")
        for name in IGNORE_FILES:
            assert f"{tmp_path / name} is " in line
        assert "\n" not in line


async def test_a_pattern_with_many_possible_matches_blocks_nothing(tmp_path: Path):
    write(tmp_path, {".gitignore": HOSTILE + "\n", "sub/.leanwideignore": "**/" + HOSTILE + "\n"})
    write(tmp_path, {LONG_NAME: "def somewhere():\n    pass\n", f"sub/{LONG_NAME}": "x = 1\n"})
    settings = f'[files]\nexclude = ["{HOSTILE}", "**/*a/{HOSTILE}"]\n'
    write(tmp_path, {".leanwide.toml": settings})
    async with asyncio.timeout(3 * WITHIN), session(root=tmp_path) as editor:
        assert await editor.complete_when_ready(editor.open(name=LONG_NAME), END)
        assert await editor.complete(editor.open(name=f"sub/{LONG_NAME}"), END)
        assert (await editor.indexed()).files == 2
        assert editor.client.messages == []


@pytest.mark.parametrize(
    ("patterns", "told"), [(6_000, "6,000 patterns, and 5,000"), (100_000, "is larger than 64 kB")]
)
async def test_too_many_patterns_in_the_settings_are_refused_in_one_line(
    tmp_path: Path, patterns: int, told: str
):
    listed = ", ".join(f'"{number}"' for number in range(patterns))
    write(tmp_path, {".leanwide.toml": f"[files]\nexclude = [{listed}]\n"})
    async with asyncio.timeout(3 * WITHIN), session(root=tmp_path) as editor:
        assert await editor.complete_when_ready(editor.open(), END)
        line = await message(editor, told)
        assert len(line) < 500
        assert "\n" not in line


async def test_hostile_settings_are_quoted_harmlessly_and_counted(tmp_path: Path):
    names = map("".join, islice(product(ascii_lowercase, repeat=3), 10_000))
    many = "".join(f"{name}=1\n" for name in names)
    key = '"\\u001b[2J\\u202e\\n" = 1\n'
    write(tmp_path, {"a/.leanwide.toml": key + many, "b/.leanwide.toml": "[files]\n" + key + many})
    for root, part in ((tmp_path / "a", "9,996 others"), (tmp_path / "b", "9,996 other names")):
        log = root / "log"
        command = ("sh", "-c", f'exec "{PROGRAM}" serve 2>"{log}"')
        async with asyncio.timeout(3 * WITHIN), session(root=root, command=command) as editor:
            told = await message(editor, part)
        for text in (told, log.read_text("utf-8")):
            assert "\x1b" not in text
            assert "\u202e" not in text
            assert "\\x1b" in text
            assert len(text) < 3_000
