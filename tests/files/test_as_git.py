"""Ignored paths are exactly those that git ignores."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leanwide.files.ignored import IgnoreFiles
from tests.files.git import git, ignored_by_git, use_home
from tests.index.folders import write


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("home")
    use_home(monkeypatch, folder)
    return folder


def paths_in(root: Path) -> Iterator[bytes]:
    """Yield all files and folders, folders with a slash at the end, without git's own."""
    for folder, inner, files in os.walk(os.fsencode(root)):
        inner[:] = [name for name in inner if name != b".git"]
        for name in (*(name + b"/" for name in inner), *files):
            if name != b".git":
                whole = folder + b"/" + name
                yield whole.removeprefix(os.fsencode(root) + b"/")


def ignored_by_us(root: Path, paths: list[bytes]) -> set[bytes]:
    ignored = IgnoreFiles(root)
    return {path for path in paths if ignored.source(f"{root}/{os.fsdecode(path)}")}


def assert_same(root: Path, paths: list[bytes] | None = None) -> set[bytes]:
    paths = list(paths_in(root)) if paths is None else paths
    by_git = ignored_by_git(root, paths)
    assert ignored_by_us(root, paths) == by_git
    return by_git


PIECES = (
    "a", "b", "A", "ab", "a.b", "é", "*", "**", "***", "?", "/", "/", "**/", "/**", "/**/", "[ab]",
    "[!a]", "[^a-c]", "[]a]", "[a-]", "[a", "[!", "[[:alpha:]]", "[[:nope:]]", "[é]", "[a\\-c]",
    "\\", "\\*", "\\ ", "\\a", "\\é", "\\/", " ", "\t", "#", "!", "-", "]", ".", "\r", "{a,b}",
)  # fmt: skip
NAMES = ("a", "b", "A", "ab", "aab", "a.b", "é", "a b", "a ", "#a", "!a", "-", "[a", "\\", "a*")
LINES = st.tuples(
    st.sampled_from(("", "", "", "!", "/", "#", "\\!", "\\#", "**/")),
    st.lists(st.sampled_from(PIECES), max_size=5).map("".join),
    st.sampled_from(("", "", "", "/", " ", "/ ", "/*", "\\ ", "/**", "\r")),
).map("".join)
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
IGNORING = st.dictionaries(
    st.sampled_from(("", "a/", "b/", "a/b/", "A/", "ab/")),
    st.lists(LINES, min_size=1, max_size=5).map("\n".join),
    max_size=3,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(files=st.sets(PATHS, min_size=1, max_size=12), ignoring=IGNORING, exclude=LINES)
def test_any_patterns_ignore_the_paths_that_git_ignores(
    tmp_path: Path, files: set[str], ignoring: dict[str, str], exclude: str
):
    root = tmp_path / "root"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    git(root, "init", "-q")
    for file in sorted(files):
        try:
            write(root, {file: ""})
        except OSError:  # it is a folder, or below a file
            continue
    for folder, text in ignoring.items():
        if (root / folder).is_dir():
            (root / folder / ".gitignore").write_bytes(text.encode())
    (root / ".git/info/exclude").write_bytes(exclude.encode())
    assert_same(root)


def test_a_worktree_follows_the_exclude_file_of_its_repository(tmp_path: Path):
    main, tree = tmp_path / "main", tmp_path / "tree"
    write(main, {"a.py": ""})
    git(main, "init", "-q")
    git(main, "add", ".")
    git(main, "commit", "-qm", "a")
    git(main, "worktree", "add", "-q", str(tree))
    write(main, {".git/info/exclude": "scratch.py\n"})
    write(tree, {"scratch.py": "", "in/scratch.py": "", "b.py": ""})
    assert assert_same(tree) == {b"scratch.py", b"in/scratch.py"}


def test_a_submodule_and_a_nested_repository_have_rules_of_their_own(tmp_path: Path):
    other, root = tmp_path / "other", tmp_path / "root"
    for folder in (other, root):
        write(folder, {"a.py": ""})
        git(folder, "init", "-q")
        git(folder, "add", ".")
        git(folder, "commit", "-qm", "a")
    git(root, "submodule", "add", "-q", str(other), "sub")
    git(root, "init", "-q", "nested")
    write(root, {".gitignore": "b.py\n", ".leanwideignore": "d.py\n"})
    write(root, {".git/modules/sub/info/exclude": "c.py\n", "nested/.gitignore": "c.py\n"})
    for inner in ("sub", "nested"):
        write(root / inner, {"b.py": "", "c.py": ""})
        expected = ignored_by_git(root / inner, [b"b.py", b"c.py"])
        assert ignored_by_us(root / inner, [b"b.py", b"c.py"]) >= expected == {b"c.py"}
        whole = [f"{inner}/{name}.py".encode() for name in "bcd"]
        assert ignored_by_us(root, whole) == set(whole[1:])


def test_a_folder_that_only_looks_like_a_repository_hides_no_rules(tmp_path: Path):
    git(tmp_path, "init", "-q")
    write(tmp_path, {".gitignore": "a.py\n", "sub/.git/config": "", "sub/a.py": ""})
    write(tmp_path, {"other/.git": "gitdir: nowhere\n", "other/a.py": ""})
    assert assert_same(tmp_path) == {b"sub/a.py", b"other/a.py"}


@pytest.mark.parametrize(
    "files",
    [
        {".config/git/ignore": "*.log\n"},
        {".gitconfig": "[core]\n\texcludesFile = ~/mine\n", "mine": "*.log\n"},
        {".gitconfig": '[Core] ExcludesFile="~/my file" ; mine\n', "my file": "*.log\n"},
        {".gitconfig": "[core]\nexcludesfile = ~/mi\\\nne # mine\n", "mine": "*.log\n"},
        {".config/git/config": "[core]\nexcludesfile = ~/mine\n", "mine": "*.log\n"},
        {
            ".config/git/config": "[core]\nexcludesfile = ~/other\n",
            ".gitconfig": "[user]\nname = a\n[core]\nexcludesfile = ~/mine\n",
            "mine": "*.log\n",
            "other": "*.py\n",
        },
        {
            ".gitconfig": "[include]\npath = more\n",
            "more": "[core]\nexcludesfile = ~/mine\n",
            "mine": "*.log\n",
        },
        {".gitconfig": '[core "x"]\nexcludesfile = ~/mine\n', "mine": "*.log\n"},
        {".gitconfig": "[core]\nexcludesfile =\n", ".config/git/ignore": "*.log\n"},
        {".gitconfig": "[core]\nexcludesfile = own-rules\n"},
    ],
)
def test_the_users_own_ignore_file_applies(tmp_path: Path, home: Path, files: dict[str, str]):
    git(tmp_path, "init", "-q")
    write(home, files)
    write(tmp_path, {"a.log": "", "b.py": "", "own-rules": "*.log\n", "c/.gitignore": "!d.log\n"})
    write(tmp_path, {"c/d.log": ""})
    assert_same(tmp_path)


def test_the_rules_of_the_repository_take_precedence_over_the_users(tmp_path: Path, home: Path):
    git(tmp_path, "init", "-q")
    write(home, {".config/git/ignore": "*.log\n"})
    write(
        tmp_path, {".git/info/exclude": "!a.log\n", ".gitignore": "b.py\n", "a.log": "", "b.py": ""}
    )
    assert assert_same(tmp_path) == {b"b.py"}


def test_a_repositorys_settings_may_name_an_ignore_file_in_it(tmp_path: Path):
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "core.excludesFile", "config/rules")
    write(tmp_path, {"config/rules": "a.py\n", "a.py": "", "b.py": ""})
    assert assert_same(tmp_path) == {b"a.py"}


@pytest.mark.parametrize("name", ["{outside}", "../outside", "link"])
def test_a_repositorys_settings_may_name_no_file_outside_it(tmp_path: Path, name: str):
    root, outside = tmp_path / "root", tmp_path / "outside"
    outside.write_text("a.py\n")
    write(root, {"a.py": ""})
    git(root, "init", "-q")
    (root / "link").symlink_to(outside)
    git(root, "config", "core.excludesFile", name.format(outside=outside))
    assert ignored_by_us(root, [b"a.py"]) == set()


def test_case_is_ignored_where_git_ignores_it(tmp_path: Path):
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "core.ignoreCase", "true")
    write(
        tmp_path,
        {".gitignore": "Build/\n*.LOG\n[x-z].py\n", "build/a": "", "b.log": "", "Y.py": ""},
    )
    assert assert_same(tmp_path) == {b"build/", b"build/a", b"b.log", b"Y.py"}


def test_names_that_are_not_utf8_are_matched_byte_by_byte(tmp_path: Path):
    git(tmp_path, "init", "-q")
    for name in (b"\xff.py", b"\xff\xfe.py", b"a.py"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).touch()
    (tmp_path / ".gitignore").write_bytes(b"?.py\n!a.py\n\xff\xfe*\n")
    assert assert_same(tmp_path) == {b"\xff.py", b"\xff\xfe.py"}


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_a_pattern(tmp_path: Path):
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_bytes(b"\xef\xbb\xbfa.py\r\nb.py\r\n")
    write(tmp_path, {"a.py": "", "b.py": "", "c.py": ""})
    assert assert_same(tmp_path) == {b"a.py", b"b.py"}


def test_a_link_for_an_ignore_file_is_not_followed(tmp_path: Path):
    git(tmp_path, "init", "-q")
    write(tmp_path, {"rules": "a.py\n", "a.py": ""})
    (tmp_path / ".gitignore").symlink_to("rules")
    assert assert_same(tmp_path) == set()
