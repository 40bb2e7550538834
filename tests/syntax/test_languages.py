"""The known languages, and which one a document is in."""

from __future__ import annotations

import pytest

from leanwide.syntax import language_for, languages
from leanwide.syntax.languages import Theme

NAMES = (
    "bash c cpp csharp css go html java javascript json lua markdown php python ruby rust toml"
    " tsx typescript yaml"
)


def test_all_grammars_are_installed() -> None:
    assert " ".join(language.name for language in languages()) == NAMES


@pytest.mark.parametrize("theme", ["definitions", "imports", "references", "scopes"])
@pytest.mark.parametrize("name", NAMES.split())
def test_queries_compile(name: str, theme: Theme) -> None:
    language = next(language for language in languages() if language.name == name)
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
    known = [
        key
        for language in languages()
        for key in (*language.ids, *language.suffixes, *language.filenames)
    ]
    assert sorted(known) == sorted(set(known))
