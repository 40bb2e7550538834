"""Files of a workspace that are something else."""

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


def why_unread(file: Path, within: Path | None = None) -> str:
    found = read_file(file, 1_000, within)
    assert isinstance(found, UnreadableFile)
    assert found.path == file
    return found.why


def test_a_file_is_read_whole_up_to_its_limit(root: Path):
    file = root / "a"
    file.write_bytes(b"x" * 1_000)
    assert read_file(file, 1_000) == b"x" * 1_000
    file.write_bytes(b"x" * 1_001)
    assert why_unread(file) == "is larger than 1 kB"


@pytest.mark.parametrize("name", ["a", "no/such/file", "a\0b", "a" * 10_000])
def test_a_file_that_is_not_there_is_nothing_wrong(root: Path, name: str):
    assert read_file(root / name, 1_000) is None


def test_a_pipe_is_not_waited_for(root: Path):
    os.mkfifo(root / "pipe")
    (root / "link").symlink_to("pipe")
    assert why_unread(root / "pipe") == "is a named pipe"
    assert why_unread(root / "link", root) == "is a named pipe"


def test_a_pipe_that_takes_a_files_place_in_the_last_moment_is_not_waited_for(
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
    assert why_unread(root / "a") == "is a named pipe"


def test_a_device_a_socket_and_a_folder_are_not_read(root: Path):
    with socket.socket(socket.AF_UNIX) as one:
        place = Path.cwd()
        os.chdir(root)  # the path of a socket may not be long
        one.bind("socket")
        os.chdir(place)
    assert why_unread(root / "socket") == "is a socket"
    assert why_unread(root) == "is a folder"
    assert why_unread(Path("/dev/zero")) == "is a device"
    (root / "zero").symlink_to("/dev/zero")
    assert why_unread(root / "zero", ANYWHERE) == "is a device"


def test_a_huge_file_is_refused_unread(root: Path):
    with (root / "a").open("wb") as file:
        file.truncate(2**40)
    assert why_unread(root / "a") == "is larger than 1 kB"


def test_a_link_is_followed_as_far_as_it_may_lead(root: Path):
    write(root.parent, {"outside": "out"})
    write(root, {"inside": "in"})
    (root / "in").symlink_to("inside")
    (root / "out").symlink_to(root.parent / "outside")
    (root / "round").symlink_to("round")
    assert read_file(root / "in", 1_000, root) == b"in"
    assert why_unread(root / "in") == "is a link"
    assert why_unread(root / "out", root) == "is a link out of the folder"
    assert read_file(root / "out", 1_000, ANYWHERE) == b"out"
    assert why_unread(root / "round", root)


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused_in_words(root: Path):
    (root / "a").write_text("")
    (root / "a").chmod(0)
    assert why_unread(root / "a") == "cannot be read: Permission denied"


HOSTILE = "*a*a*a*a*a*a*a*a*a*a*b\n"


def test_every_hostile_ignore_file_is_told_of_and_the_others_count(root: Path):
    write(root, {".git/HEAD": "", ".git/objects/x": "", "sub/.gitignore": "a.py\n"})
    for name in (".gitignore", ".leanwideignore", ".git/info/exclude"):
        (root / name).parent.mkdir(exist_ok=True)
        os.mkfifo(root / name)
    refused: list[UnreadableFile] = []
    ignored = IgnoreFiles(root, refused.append)
    assert ignored.source(f"{root}/a.py") == ""
    assert ignored.source(f"{root}/sub/a.py") == ".gitignore"
    assert {str(one.path.relative_to(root)) for one in refused} == {
        ".gitignore",
        ".leanwideignore",
        ".git/info/exclude",
    }


def test_patterns_beyond_the_limits_do_not_count_and_that_is_told(root: Path):
    refused: list[UnreadableFile] = []
    ignored = IgnoreFiles(root, refused.append)
    write(root, {".gitignore": "a.py\n" + HOSTILE * 100_000})
    assert ignored.source(f"{root}/a.py") == ""
    assert [one.why for one in refused] == ["is larger than 262 kB"]

    write(root, {"b/.gitignore": "a.py\n" + "x\n" * 6_000 + "b.py\n"})
    assert ignored.source(f"{root}/b/a.py") == ".gitignore"
    assert ignored.source(f"{root}/b/b.py") == ""
    assert refused[-1].why == "has 6,002 patterns: only the first 5,000 count"
    write(root, {"b/c/.gitignore": "a.py\n"})
    assert ignored.source(f"{root}/b/c/d.py") == ""
    assert refused[-1].path == root / "b/c/.gitignore"

    write(root, {"d/.gitignore": "*" + "x" * 2_000 + "\na.py\n"})
    assert ignored.source(f"{root}/d/a.py") == ".gitignore"
    assert refused[-1].why == "has 1 patterns of more than 1,000 bytes, which do not count"


def test_all_ignore_files_together_are_bounded(root: Path):
    refused: list[UnreadableFile] = []
    ignored = IgnoreFiles(root, refused.append)
    for number in range(10):
        write(root, {f"{number}/.gitignore": "a.py\n" + "#" * 200_000})
    found = [ignored.source(f"{root}/{number}/a.py") for number in range(10)]
    assert found == [".gitignore"] * 5 + [""] * 5
    assert len(refused) == 5


def test_a_path_that_cannot_be_one_is_answered(root: Path):
    ignored = IgnoreFiles(root)
    assert ignored.source(f"{root}/" + "a/" * 5_000 + "b.py") == ""
    assert ignored.source(f"{root}/a\0b/c.py") == ""
