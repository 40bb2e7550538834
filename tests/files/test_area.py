"""The folders of a workspace: the keys of files, and which exclusions apply to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.features.exclusion import judge
from leanwide.files.area import Folder, WorkspaceFolders, new_prefix
from leanwide.files.exclusions import Exclusions
from tests.index.folders import folder_of, write

PATHS = st.lists(
    st.lists(st.sampled_from(["a", "b", "..b"]), max_size=3).map(lambda parts: Path("/", *parts)),
    max_size=6,
)


@given(opened=PATHS, closed=st.sets(st.integers(0, 5)), files=PATHS)
def test_a_key_means_one_file_whatever_folders_are_opened_and_closed(
    opened: list[Path], closed: set[int], files: list[Path]
):
    prefixes: dict[Path, str] = {}
    for path in opened:
        if path not in prefixes:
            prefixes[path] = new_prefix(path, prefixes)
    folders = [Folder(path=path, prefix=prefix) for path, prefix in prefixes.items()]
    whole = WorkspaceFolders(folders=tuple(folders))
    left = WorkspaceFolders(folders=tuple(f for n, f in enumerate(folders) if n not in closed))
    meant: dict[str, str] = {}
    for file in {path / "x.py" for path in (*files, *opened)}:
        for area in (whole, left):
            key = area.key(str(file))
            if key is not None:
                assert area.file(key) == file
                assert meant.setdefault(key, str(file)) == str(file)
                other = (left if area is whole else whole).file(key)
                assert other in (None, file)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/work/app/a.py", "a.py"),
        ("/work/app/inner/a.py", "inner/a.py"),
        ("/work/lib/a.py", "../lib/a.py"),
        ("/other/lib/a.py", "../lib (2)/a.py"),
        ("/link/a.py", "../lib/a.py"),
        ("/link/../work/app/a.py", "a.py"),
        ("/work/app/../a.py", None),
        ("/work/apple.py", None),
    ],
)
def test_a_key_is_the_path_relative_to_the_first_folder(path: str, key: str | None):
    prefixes: dict[Path, str] = {}
    for name in ("/work/app", "/work/app/inner", "/work/lib", "/other/lib"):
        prefixes[Path(name)] = new_prefix(Path(name), prefixes)
    folders = [
        Folder(path=folder, prefix=prefix, names=("/link",) * (str(folder) == "/work/lib"))
        for folder, prefix in prefixes.items()
    ]
    assert WorkspaceFolders(folders=tuple(folders)).key(path) == key


def test_a_folders_patterns_apply_in_it_and_those_for_outside_in_no_folder():
    first, second = Exclusions("/a", ("one.py",)), Exclusions("/b", ("two.py",))
    area = WorkspaceFolders(
        folders=(
            Folder(path=Path("/a"), exclusions=first),
            Folder(path=Path("/b"), exclusions=second, prefix="../b/"),
        ),
        outside=first,
    )
    found = ("/a/one.py", "/a/two.py", "/b/one.py", "/b/two.py", "/c/one.py")
    excluded = {path for path in found if area.exclusion_reason(path)}
    assert excluded == {"/a/one.py", "/b/two.py", "/c/one.py"}


@pytest.mark.parametrize(
    "path",
    [
        "untitled:{}/gen/x.py",
        "vscode-notebook-cell:{}/gen/book.ipynb#W0sZmlsZQ%3D%3D",
        "vscode-notebook-cell:/elsewhere/id_rsa#W1",
        "untitled:.env",
    ],
)
def test_a_document_without_a_file_is_judged_by_the_path_in_its_uri(tmp_path: Path, path: str):
    write(tmp_path, {".gitignore": "gen/\n"})
    judged = judge(WorkspaceFolders(folders=(folder_of(tmp_path),)), path.format(tmp_path))
    assert judged.reason is not None
    assert judge(WorkspaceFolders(), "untitled:Untitled-1").reason is None
