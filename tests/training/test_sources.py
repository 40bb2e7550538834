"""The files that may be learned from."""

from __future__ import annotations

import pytest
from training.data import sources

BODY = "".join(f"def function_{n}(argument):\n    return argument + offset_{n}\n" for n in "abcdef")


@pytest.mark.parametrize(
    "path",
    [
        "p/tests/a.py",
        "p/_vendor/a.py",
        "p/_click/a.py",
        "p/test_a.py",
        "p/conftest.py",
        "p/x_pb2.py",
        "p/data/a.py",
    ],
)
def test_tests_vendored_and_data_files_are_out(path):
    assert not sources.is_handwritten(path, BODY)


@pytest.mark.parametrize(
    "text",
    [
        "# This file was automatically generated.\n" + BODY,
        "TABLE = [\n" + "    1, 2, 3, 4, 5, 6, 7, 8,\n" * 40 + "]\n",
        "x = 1\n",
        BODY + "y = '" + "z" * 500 + "'\n",
    ],
)
def test_generated_files_tables_and_long_lines_are_out(text):
    assert not sources.is_handwritten("p/a.py", text)


def test_an_ordinary_file_is_in():
    assert sources.is_handwritten("p/a.py", BODY)


def test_a_copy_of_a_held_out_file_never_reaches_training():
    learned = sources.SourceFile(
        sources.Package("a", "1", "MIT", held_out=False), "a/a.py", BODY + "\n# copied\n"
    )
    held_out = sources.SourceFile(sources.Package("b", "1", "MIT", held_out=True), "b/b.py", BODY)

    assert list(sources.without_copies([learned, held_out])) == [held_out]


@pytest.mark.parametrize("licence", ["MPL-2.0 AND MIT", "GNU LGPL", "Mozilla Public License"])
def test_copyleft_is_refused(licence):
    assert sources.COPYLEFT.search(licence)


def installed(corpus, name, licence):
    """Write a distribution of one module as pip does."""
    (corpus / name).mkdir()
    (corpus / name / "a.py").write_text(BODY)
    about = corpus / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\nLicense-Expression: {licence}\n")
    (about / "RECORD").write_text(f"{name}/a.py,,\n")


def test_a_folder_of_distributions_is_read_where_their_licence_permits_it(tmp_path):
    installed(tmp_path, "free", "MIT")
    installed(tmp_path, "copyleft", "GPL-3.0-only")

    found = list(sources.installed_in(tmp_path))

    package = sources.Package("free", "1.0", "MIT", held_out=False)
    assert found == [sources.SourceFile(package, "free/a.py", BODY)]
