"""Reading files of a workspace that may be anything else than regular files."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from leanwide.files.ignored import IgnoreFiles
from leanwide.files.reader import ANYWHERE, UnreadableFile, read_file
from tests.index.folders import write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def reason_unread(file: Path, within: Path | None = None) -> str:
    found = read_file(file, 1_000, within)
    assert isinstance(found, UnreadableFile)
    assert found.path == file
    return found.reason


def test_a_file_is_read_whole_up_to_its_limit(root: Path):
    file = root / "a"
    file.write_bytes(b"x" * 1_000)
    assert read_file(file, 1_000) == b"x" * 1_000
    file.write_bytes(b"x" * 1_001)
    assert reason_unread(file) == "is larger than 1 kB"


@pytest.mark.parametrize("name", ["a", "no/such/file", "a\0b", "a" * 10_000])
def test_a_missing_file_is_no_error(root: Path, name: str):
    assert read_file(root / name, 1_000) is None


def test_a_pipe_does_not_block(root: Path):
    os.mkfifo(root / "pipe")
    (root / "link").symlink_to("pipe")
    assert reason_unread(root / "pipe") == "is a named pipe"
    assert reason_unread(root / "link", root) == "is a named pipe"


def test_a_pipe_that_replaces_a_file_at_the_last_moment_does_not_block(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    (root / "a").write_text("")
    look = os.lstat

    def swap(path: Path) -> os.stat_result:
        status = look(path)
        (root / "a").unlink()
        os.mkfifo(root / "a")
        return status

    monkeypatch.setattr(os, "lstat", swap)
    assert reason_unread(root / "a") == "is a named pipe"


def test_a_device_a_socket_and_a_folder_are_not_read(root: Path):
    with socket.socket(socket.AF_UNIX) as listener:
        before = Path.cwd()
        os.chdir(root)  # the path of a socket may not be long
        listener.bind("socket")
        os.chdir(before)
    assert reason_unread(root / "socket") == "is a socket"
    assert reason_unread(root) == "is a folder"
    assert reason_unread(Path("/dev/zero")) == "is a device"
    (root / "zero").symlink_to("/dev/zero")
    assert reason_unread(root / "zero", ANYWHERE) == "is a device"


def test_a_huge_file_is_refused_without_reading_it(root: Path):
    with (root / "a").open("wb") as file:
        file.truncate(2**40)
    assert reason_unread(root / "a") == "is larger than 1 kB"


def test_a_link_is_followed_within_the_allowed_folder(root: Path):
    write(root.parent, {"outside": "out"})
    write(root, {"inside": "in"})
    (root / "in").symlink_to("inside")
    (root / "out").symlink_to(root.parent / "outside")
    (root / "round").symlink_to("round")
    assert read_file(root / "in", 1_000, root) == b"in"
    assert reason_unread(root / "in") == "is a link"
    assert reason_unread(root / "out", root) == "is a link out of the folder"
    assert read_file(root / "out", 1_000, ANYWHERE) == b"out"
    assert reason_unread(root / "round", root)


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_without_permission_has_a_reason(root: Path):
    (root / "a").write_text("")
    (root / "a").chmod(0)
    assert reason_unread(root / "a") == "cannot be read: Permission denied"


HOSTILE = "*a*a*a*a*a*a*a*a*a*a*b\n"


def test_every_unreadable_ignore_file_is_reported_and_the_others_apply(root: Path):
    write(root, {".git/HEAD": "", ".git/objects/x": "", "sub/.gitignore": "a.py\n"})
    for name in (".gitignore", ".leanwideignore", ".git/info/exclude"):
        (root / name).parent.mkdir(exist_ok=True)
        os.mkfifo(root / name)
    reported: list[UnreadableFile] = []
    ignored = IgnoreFiles(root, reported.append)
    assert ignored.source(f"{root}/a.py") == ""
    assert ignored.source(f"{root}/sub/a.py") == ".gitignore"
    assert {str(file.path.relative_to(root)) for file in reported} == {
        ".gitignore",
        ".leanwideignore",
        ".git/info/exclude",
    }


def test_patterns_beyond_the_limits_do_not_apply_and_are_reported(root: Path):
    reported: list[UnreadableFile] = []
    ignored = IgnoreFiles(root, reported.append)
    write(root, {".gitignore": "a.py\n" + HOSTILE * 100_000})
    assert ignored.source(f"{root}/a.py") == ""
    assert [file.reason for file in reported] == ["is larger than 262 kB"]

    write(root, {"b/.gitignore": "a.py\n" + "x\n" * 6_000 + "b.py\n"})
    assert ignored.source(f"{root}/b/a.py") == ".gitignore"
    assert ignored.source(f"{root}/b/b.py") == ""
    assert reported[-1].reason == "has 6,002 patterns: only the first 5,000 count"
    write(root, {"b/c/.gitignore": "a.py\n"})
    assert ignored.source(f"{root}/b/c/d.py") == ""
    assert reported[-1].path == root / "b/c/.gitignore"

    write(root, {"d/.gitignore": "*" + "x" * 2_000 + "\na.py\n"})
    assert ignored.source(f"{root}/d/a.py") == ".gitignore"
    assert reported[-1].reason == "has 1 patterns of more than 1,000 bytes, which do not count"


def test_the_size_of_all_ignore_files_together_is_limited(root: Path):
    reported: list[UnreadableFile] = []
    ignored = IgnoreFiles(root, reported.append)
    for number in range(10):
        write(root, {f"{number}/.gitignore": "a.py\n" + "#" * 200_000})
    found = [ignored.source(f"{root}/{number}/a.py") for number in range(10)]
    assert found == [".gitignore"] * 5 + [""] * 5
    assert len(reported) == 5


def test_an_invalid_path_is_not_ignored(root: Path):
    ignored = IgnoreFiles(root)
    assert ignored.source(f"{root}/" + "a/" * 5_000 + "b.py") == ""
    assert ignored.source(f"{root}/a\0b/c.py") == ""
