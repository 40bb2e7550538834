"""Which language a document is in."""

import pytest

from leanwide.syntax import language_for, languages

NAMES = (
    "bash c cpp csharp css go html java javascript json lua markdown php python ruby rust toml"
    " tsx typescript yaml"
)


def test_there_are_these_languages() -> None:
    assert " ".join(one.name for one in languages()) == NAMES


@pytest.mark.parametrize("theme", ["definitions", "imports", "references", "scopes"])
@pytest.mark.parametrize("name", NAMES.split())
def test_queries_compile(name: str, theme: str) -> None:
    language = next(one for one in languages() if one.name == name)
    assert language.query(theme) is language.query(theme)


@pytest.mark.parametrize(
    ("language_id", "path", "name"),
    [
        ("python", "", "python"),
        ("python", "a.txt", "python"),
        ("", "/a/b.PY", "python"),
        ("plaintext", "a.rs", "rust"),
        ("typescriptreact", "a.ts", "tsx"),
        ("javascriptreact", "", "javascript"),
        ("shellscript", "", "bash"),
        ("", "C:\\x\\Rakefile", "ruby"),
        ("", "a.unknown", None),
        ("plaintext", "", None),
        ("", "", None),
    ],
)
def test_language_for(language_id: str, path: str, name: str | None) -> None:
    found = language_for(language_id, path)
    assert (found.name if found else None) == name


def test_ids_and_suffixes_belong_to_one_language() -> None:
    known = [key for one in languages() for key in (*one.ids, *one.suffixes, *one.filenames)]
    assert sorted(known) == sorted(set(known))
