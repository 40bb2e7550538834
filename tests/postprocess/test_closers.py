"""Brackets, quotes and line ends right of the cursor are not inserted again."""

from __future__ import annotations

import pytest

from tests.postprocess.check import check

PYTHON = [
    ("print(‸)\n", "x)", "x"),
    ("print(‸)\n", "x", "x"),
    ("print(‸)\n", "f(x))", "f(x)"),
    ("print(f(‸)\n", "x))", "x)"),
    ("print(f(‸))\n", "x))", "x"),
    ("print(‸) + f()\n", "x)", "x"),
    ("a[b[‸]]\n", "c[0]]]", "c[0]"),
    ("a[b[‸]]\n", "c[d[0]]", "c[d[0]]"),
    ("x = {'a': [‸]}\n", "1, 2]}", "1, 2"),
    ("f(‸)\n", "[a, (b, c)], {d: e})", "[a, (b, c)], {d: e}"),
    ("    b‸)\n", "c)", "c"),  # opened on a line above
    ("def f(‸):\n", "self, x):\n    return x", "self, x"),
    ("if x‸:\n", " > 3:\n    return", " > 3"),
    ("if x‸:\n", " in {1: 2}:", " in {1: 2}"),
    ("x = d[1‸:\n", "", ""),
    ("f(a‸, b)\n", ".c, ", ".c"),
]
UNCLOSED = [
    ("g(‸)\n", "*[0], [1, 1], [1, 1,", "*[0], [1, 1]"),
    ("g(‸)\n", "a + (b", "a"),
    ("g(‸)\n", '"never ends', ""),
    ("g(‸)\n", "a, x[0]", "a, x[0]"),
    ("g‸)\n", "(a", "(a"),  # what follows closes it
    ("if x‸:\n", " in known and y in (1, 2", " in known and y in"),
    ("x = [‸\n", "f(1", "f(1"),  # nothing follows: it may go on there
]
STRINGS = [
    ('print("‸")\n', 'hello")', "hello"),
    ('print("‸")\n', 'hello"', "hello"),
    ('print("‸)\n', 'hello")', 'hello"'),
    ("print(‸)\n", '"a)b")', '"a)b"'),
    ("print(‸)\n", '"it\'s)", x)', '"it\'s)", x'),
    ('x = "don\\"t ‸"\n', 'go" + y', "go"),
    ("x = 'it‸'\n", "em' + y", "em"),
    ('x = "it\'s ‸"\n', 'me"', "me"),
    ('x = f"{name‸}"\n', '.upper()}"', ".upper()"),
    ('x = f"{name‸} is here"\n', '.upper()} is here"', ".upper()"),
    ("x = f\"{d['k‸']}\"\n", "ey']}\"", "ey"),
    ('x = f"{d[‸]}"\n', "'a]']}\"", "'a]'"),
    ('x = "{na‸}"\n', 'me}"', "me"),
    ("x = '‸'\n", "a\"b'", 'a"b'),
    ('"""Read‸"""\n', ' the file."""', " the file."),
    ('    the file‸"""\n', '."""\n    return 1', "."),  # the string began above
    ('"""\n‸\n"""\n', 'Read "it".', 'Read "it".'),
    ('open("‸")\n', ", file)", ", file"),
    ('open("a.txt‸")\n', ".bak (old)", ".bak (old)"),
    ('open("‸")\n', "a]", "a]"),  # no such bracket is open around
    ('open("a) one‸")\n', " b) two", " b) two"),
    ("print('hel‸\n", "lo')", "lo')"),
    ("print('‸\n", "1) hello')", "1) hello')"),
    ("print('hel‸\n", "lo, x)", "lo, x"),
    ("# don't f(‸)\n", "x)", "x"),
    ("# it's f(‸)\n", "x)", "x"),
    ("x = rb'‸'\n", "a'", "a"),
]
JAVASCRIPT = [
    ("foo(‸);\n", "a, b);", "a, b"),
    ("const x = y‸;\n", " + 1;", " + 1"),
    ("const x = y‸;\n", " + 1;\nconst z = 2;", " + 1"),
    ("const x = y‸;\n", " + `;`", " + `;`"),
    ('const x = "it‸;\n', 'em";', 'em"'),
    ("for (let i = 0‸; i < n; i++) {\n", "; i < n", ""),
    ("foo(() => {‸});\n", "\n  bar();\n});", "\n  bar();"),
    ("const s = `a ${b‸}`;\n", ".c}`;", ".c"),
    ("const s = `${xs.map(x => `<li>${x‸}</li>`)}`;\n", ".name}</li>`)}`;", ".name"),
    ("const s = `it's ${‸}`;\n", "a[']'] + '}'}`", "a[']'] + '}'"),
    ("const o = { a: ‸ };\n", "{ b: 1 } };", "{ b: 1 }"),
    ("foo(‸, b)\n", "a", "a"),
    ("const a = require('./appro‸\n", "ve.js')", "ve.js')"),
    ("return <div‸>\n", ' className="a">', ' className="a"'),
    ("return <div‸></div>\n", ' className="a"></div>', ' className="a"'),
    ("return <img‸ />\n", ' src="a" />', ' src="a"'),
    ("return <Foo onClick={() => x‸}>\n", ".y()}>", ".y()"),
    ("<div onClick={e => a > b‸}>\n", " && c -> d}>", " && c -> d"),
    ("const m: Map<‸>\n", "string, number>", "string, number"),
    ("const m: Map<string, Array<‸>>\n", "number>>", "number"),
    ("if (a ‸)\n", "> b)", "> b"),
    ("if (a < b‸)\n", " && c > d)", " && c > d"),
]
RUST = [
    ("let v: Vec<‸>;\n", "Option<u8>>;", "Option<u8>"),
    ("fn f<'a>(x: &'a str‸) {\n", ", y: u8) {", ", y: u8"),
    ("fn f(x: ‸)\n", "&'a str) -> u8", "&'a str"),
    ("match c { '(' => f(‸) }\n", "')') }", "')'"),
]


@pytest.mark.parametrize(("marked", "says", "expected"), PYTHON + UNCLOSED + STRINGS)
def test_python(marked: str, says: str, expected: str):
    check(marked, says, expected)


@pytest.mark.parametrize(("marked", "says", "expected"), JAVASCRIPT)
def test_javascript_and_typescript(marked: str, says: str, expected: str):
    check(marked, says, expected, "typescriptreact")


@pytest.mark.parametrize(("marked", "says", "expected"), RUST)
def test_rust(marked: str, says: str, expected: str):
    check(marked, says, expected, "rust")


@pytest.mark.parametrize(
    "says", ["x)", "x]}", "'a'", "1;", "\n    b,\n)", "})", 'f"{a}"', "a > b", "it's"]
)
def test_at_the_end_of_a_line_nothing_is_doubled(says: str):
    check("    f(a,‸\n", says, says)
