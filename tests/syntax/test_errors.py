"""How broken a text is."""

import pytest

from leanwide.syntax import error_count, first_error, language_for, parses_no_worse
from tests.syntax.marked import tree_of


@pytest.mark.parametrize(
    ("language", "text", "broken"),
    [
        ("python", "x = 1\n", False),
        ("python", "x = (1\n", True),
        ("typescript", "f(;\n", True),
        ("c", "int f() { return 1 }\n", True),
        ("json", '{"a": 1,}', True),
        ("python", "", False),
    ],
)
def test_error_count(language: str, text: str, broken: bool) -> None:
    assert bool(error_count(tree_of(language, text))) == broken


@pytest.mark.parametrize(
    ("before", "after", "fine"),
    [
        ("x = (1", "x = (1)", True),
        ("x = (1", "x = (1 + 2", True),
        ("x = 1", "x = 1)", False),
        ("x = (1", "x = (1\ny = )]", False),
    ],
)
def test_parses_no_worse(before: str, after: str, fine: bool) -> None:
    language = language_for("python")
    assert language is not None
    assert parses_no_worse(language, before, after) == fine


@pytest.mark.parametrize(
    ("text", "line", "place"),
    [
        ("x = 1\n", 0, None),
        ("x = (\ny = )]\n", 0, (0, 0)),
        ("a = )\nx = 1\ny = )\n", 1, (2, 0)),
    ],
)
def test_first_error(text: str, line: int, place: tuple[int, int] | None) -> None:
    assert first_error(tree_of("python", text), line) == place
