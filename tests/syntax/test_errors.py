"""Where a text does not parse."""

from __future__ import annotations

import pytest

from leanwide.syntax import error_count, first_error
from tests.syntax.marked import tree_of


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("python", "x = 1\n", 0),
        ("python", "x = (1\n", 1),
        ("python", "a = )\nx = 1\ny = )\n", 2),
        ("typescript", "f(;\n", 1),
        ("c", "int f() { return 1 }\n", 1),
        ("json", '{"a": 1,}', 1),
        ("python", "", 0),
    ],
)
def test_error_count(language: str, text: str, count: int) -> None:
    assert error_count(tree_of(language, text)) == count


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
