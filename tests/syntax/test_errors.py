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
        ("cpp", 'TEST_CASE("a") {\n  f();\n  SECTION("b") {\n    f();\n  }\n}\n', 0),
        ("cpp", 'SCENARIO("a")\n{\n  GIVEN("b") {\n    THEN(")") { f(); }\n  }\n}\n', 0),
        ("cpp", 'namespace {\nTEMPLATE_TEST_CASE("a", "[b]", int,\n    (c<d>)) { f(); }\n}\n', 0),
        ("c", "START_TEST(a) {\n  list_for_each(b, c) { d(b); }\n}\nEND_TEST\n", 0),
        ("cpp", 'TEST_CASE("a") {\n  f(;\n}\n', 1),
        ("cpp", 'void f() {\n  g("a") {\n  }\n}\n', 1),
        ("cpp", "class A {\n  A(int b) {}\n};\nint c = (\n  D\n);\n", 0),
        ("cpp", "enum A {\n  B,\n  C\n};\nclass D {\n  E\npublic:\n  F\n  int g;\n};\n", 0),
        ("c", "enum A {\n#ifdef B\n  C\n#endif\n  D\n};\n", 1),
        ("c", "void a() {\n#ifdef B\n  C\n  d();\n#endif\n  E\n  F\n}\n", 0),
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
