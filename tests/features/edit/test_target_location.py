"""Where a test goes."""

from pathlib import PurePosixPath

import pytest

from leanwide.features.edit.target_location import choose_location, is_test, naming_convention

ROOT = PurePosixPath("/p")


def location_of(code: str, language: str, *files: str, root: PurePosixPath | None = ROOT) -> str:
    """The test file below the root; with a "+" where it exists, and with its example."""
    convention = naming_convention(language)
    assert convention is not None
    paths = [ROOT / file for file in (*files, code)]
    folders = {above for path in paths for above in path.parents}

    def listing(folder):
        names = frozenset(path.name for path in paths if path.parent == folder)
        return names if folder in folders else None

    location = choose_location(ROOT / code, root, convention, listing)
    example = f" like {location.example.relative_to(ROOT)}" if location.example is not None else ""
    return f"{location.path.relative_to(ROOT)}{'+' if location.exists else ''}{example}"


@pytest.mark.parametrize(
    ("code", "language", "files", "location"),
    [
        ("a.py", "python", (), "test_a.py"),
        ("src/q/a.py", "python", ("tests/x.txt",), "tests/test_a.py"),
        (
            "src/q/a.py",
            "python",
            ("tests/q/test_a.py",),
            "tests/q/test_a.py+ like tests/q/test_a.py",
        ),
        ("src/q/a.py", "python", ("tests/q/x.txt", "src/q/b.py"), "tests/q/test_a.py"),
        ("q/a.py", "python", ("q/b_test.py",), "q/a_test.py like q/b_test.py"),
        ("q/a.py", "python", ("tests/test_b.py",), "tests/test_a.py like tests/test_b.py"),
        ("src/a.ts", "typescript", ("src/b.spec.ts",), "src/a.spec.ts like src/b.spec.ts"),
        ("src/a.tsx", "tsx", ("src/__tests__/x",), "src/__tests__/a.test.tsx"),
        ("a.go", "go", (), "a_test.go"),
        ("src/main/java/x/A.java", "java", (), "src/test/java/x/ATest.java"),
        ("lib/x/a.rb", "ruby", ("spec/x/b_spec.rb",), "spec/x/a_spec.rb like spec/x/b_spec.rb"),
        ("src/a.rs", "rust", (), "tests/a_test.rs"),
        ("src/a.h", "c", (), "src/test_a.c"),
    ],
)
def test_where_a_test_goes(code, language, files, location):
    assert location_of(code, language, *files) == location


def test_without_a_project_the_nearest_folders_are_searched():
    found = location_of("q/a.py", "python", "tests/test_b.py", root=None)
    assert found == "tests/test_a.py like tests/test_b.py"
    assert location_of("q/r/s/a.py", "python", "tests/test_b.py", root=None) == "q/r/s/test_a.py"


@pytest.mark.parametrize(
    ("name", "language", "expected"),
    [
        ("test_a.py", "python", True),
        ("a_test.py", "python", True),
        ("test.py", "python", False),
        ("a.test.js", "javascript", True),
        ("a_test.go", "go", True),
        ("ATest.java", "java", True),
        ("Attest.java", "java", False),
    ],
)
def test_what_is_a_test(name, language, expected):
    convention = naming_convention(language)
    assert convention is not None
    assert is_test(PurePosixPath(name), convention) == expected
