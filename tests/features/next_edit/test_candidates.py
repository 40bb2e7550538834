"""What follows from an edit, and where nothing does, as a table of scenarios."""

from __future__ import annotations

import pytest
from attrs import field, frozen
from tree_sitter import Tree

from leanwide.features.next_edit.candidate import CandidateKind
from leanwide.features.next_edit.candidates import candidates
from leanwide.features.next_edit.node_types import SHORTHANDS
from leanwide.syntax import Language
from leanwide.syntax.effort import parse_bytes
from tests.features.next_edit.editing import Session, snapshot, tree_of


@frozen(kw_only=True)
class EditScenario:
    """A text, what the user replaced in it, and the lines that follow."""

    name: str
    language: str
    text: str
    edits: tuple[tuple[str, str], ...]
    follows: tuple[str, ...] = field(default=())
    """Lines before and after; none: nothing follows."""


FOLLOWING = (
    EditScenario(
        name="the uses of a renamed parameter, but not those of another function",
        language="python",
        text="""
            def area(size):
                if size < 0:
                    raise ValueError("size")
                return size * size  # of that size

            def volume(size):
                return size ** 3
            """,
        edits=(("area(size)", "area(length)"),),
        follows=(
            "if size < 0: → if length < 0:",
            "return size * size  # of that size → return length * length  # of that size",
        ),
    ),
    EditScenario(
        name="where a renamed parameter is passed by name",
        language="python",
        text="""
            def area(size): ...

            area(size=1)
            volume(size=1)
            """,
        edits=(("area(size)", "area(length)"),),
        follows=("area(size=1) → area(length=1)",),
    ),
    EditScenario(
        name="the calls of a renamed function",
        language="python",
        text="""
            def fetch(url):
                return url

            print(fetch("a"), client.fetch("b"))
            """,
        edits=(("def fetch", "def download"),),
        follows=('print(fetch("a"), client.fetch("b")) → print(download("a"), client.fetch("b"))',),
    ),
    EditScenario(
        name="the uses of an attribute that the constructor sets",
        language="python",
        text="""
            class Cart:
                def __init__(self):
                    self.things = []

                def count(self):
                    return len(self.things)
            """,
        edits=(("self.things", "self.items"),),
        follows=("return len(self.things) → return len(self.items)",),
    ),
    EditScenario(
        name="the uses of an imported name",
        language="python",
        text="""
            from core import Parser

            def make():
                return Parser()
            """,
        edits=(("import Parser", "import _Parser"),),
        follows=("return Parser() → return _Parser()",),
    ),
    EditScenario(
        name="the third of three assertions",
        language="python",
        text="""
            self.assertEquals(rounded(1.4), 1)
            self.assertEquals(rounded(1.6), 2)
            self.assertEquals(rounded(0.5), 0)
            """,
        edits=(
            ("assertEquals(rounded(1.4)", "assertEqual(rounded(1.4)"),
            ("assertEquals(rounded(1.6)", "assertEqual(rounded(1.6)"),
        ),
        follows=("self.assertEquals(rounded(0.5), 0) → self.assertEqual(rounded(0.5), 0)",),
    ),
    EditScenario(
        name="a pattern with something kept inside, on a line with two of them",
        language="python",
        text="""
            def one(a: Optional[int]): ...
            def two(a: Optional[dict[str, int]], b: List[Optional[str]]): ...
            """,
        edits=(("Optional[int]", "int | None"),),
        follows=(
            "def two(a: Optional[dict[str, int]], b: List[Optional[str]]): ... → "
            "def two(a: dict[str, int] | None, b: List[str | None]): ...",
        ),
    ),
    EditScenario(
        name="a row of a table",
        language="python",
        text="""
            LIMITS = {
                "cache": Limit(10),
                "index": Limit(200),
                "log": Limit(50),
            }
            """,
        edits=(("Limit(10)", 'Limit(10, "MB")'), ("Limit(200)", 'Limit(200, "MB")')),
        follows=('"log": Limit(50), → "log": Limit(50, "MB"),',),
    ),
    EditScenario(
        name="an assignment below, whose own name changes in the same way",
        language="python",
        text="""
            self.width = width
            self.height = height
            """,
        edits=(("self.width", "self._width"),),
        follows=("self.height = height → self._height = height",),
    ),
    EditScenario(
        name="another call that lacks the argument",
        language="python",
        text="""
            first = ask(host, "status")
            second = ask(host, "version")
            third = ask(host, "name", timeout)
            other.ask(host, "version")
            """,
        edits=(('"status")', '"status", timeout)'),),
        follows=('second = ask(host, "version") → second = ask(host, "version", timeout)',),
    ),
    EditScenario(
        name="calls in functions that have a variable for the new parameter",
        language="python",
        text="""
            def ask(host): ...

            def status(host, timeout):
                return ask(host)

            def version(host):
                return ask(host)
            """,
        edits=(("ask(host)", "ask(host, timeout)"),),
        follows=("return ask(host) → return ask(host, timeout)",),
    ),
    EditScenario(
        name="another call with the argument that was dropped",
        language="javascript",
        text="""
            start(server, true);
            start(client, true);
            start(true);
            """,
        edits=(("server, true", "server"),),
        follows=("start(client, true); → start(client);", "start(true); → start();"),
    ),
    EditScenario(
        name="a renamed parameter, where it stands for a key and its value",
        language="javascript",
        text="""
            function connect(name) {
              const a = { name, port: 1 };
              return open(name).name;
            }
            """,
        edits=(("connect(name)", "connect(hostname)"),),
        follows=(
            "const a = { name, port: 1 }; → const a = { name: hostname, port: 1 };",
            "return open(name).name; → return open(hostname).name;",
        ),
    ),
    EditScenario(
        name="the same string",
        language="javascript",
        text="""
            get('http://localhost/a');
            fetch('http://localhost/a', 1);
            send('http://localhost/a', 2); // 'http://localhost/a'
            """,
        edits=(
            ("get('http://localhost/a'", "get('http://127.0.0.1/a'"),
            ("fetch('http://localhost/a'", "fetch('http://127.0.0.1/a'"),
        ),
        follows=(
            "send('http://localhost/a', 2); // 'http://localhost/a' → "
            "send('http://127.0.0.1/a', 2); // 'http://localhost/a'",
        ),
    ),
    EditScenario(
        name="the uses of a renamed type",
        language="typescript",
        text="""
            interface Point { x: number }
            function move(p: Point): Point { return p }
            """,
        edits=(("interface Point", "interface Vector"),),
        follows=(
            "function move(p: Point): Point { return p } → "
            "function move(p: Vector): Vector { return p }",
        ),
    ),
    EditScenario(
        name="the third of three wrapped errors",
        language="go",
        text="""
            package p

            func f() error {
            \tif a != nil {
            \t\treturn nil, err
            \t}
            \tif b != nil {
            \t\treturn nil, err
            \t}
            \treturn nil, err
            }
            """,
        edits=(
            ("return nil, err\n", 'return nil, wrap("f", err)\n'),
            ("return nil, err\n", 'return nil, wrap("f", err)\n'),
        ),
        follows=('return nil, err → return nil, wrap("f", err)',),
    ),
    EditScenario(
        name="the uses of a renamed local variable, but not in a closure that has its own",
        language="rust",
        text="""
            fn f() -> u8 {
                let count = 1;
                let g = |count: u8| count + 1;
                g(count)
            }
            """,
        edits=(("let count", "let total"),),
        follows=("g(count) → g(total)",),
    ),
    EditScenario(
        name="the uses of a renamed constant of the preprocessor",
        language="c",
        text="""
            #define MAX 64
            char name[MAX];
            """,
        edits=(("#define MAX", "#define MAX_NAME"),),
        follows=("char name[MAX]; → char name[MAX_NAME];",),
    ),
    EditScenario(
        name="the uses of a renamed variable, but not where a class has one of that name",
        language="python",
        text="""
            size = 1

            class Box:
                size = 2
                area = size * size

            print(size)
            """,
        edits=(("size = 1", "length = 1"),),
        follows=("print(size) → print(length)",),
    ),
    EditScenario(
        name="the uses of a renamed parameter, but not a label",
        language="javascript",
        text="""
            function search(outer) {
              outer: while (outer) break outer;
            }
            """,
        edits=(("search(outer)", "search(limit)"),),
        follows=("outer: while (outer) break outer; → outer: while (limit) break outer;",),
    ),
    EditScenario(
        name="the uses of a shell's variable, but not text",
        language="shellscript",
        text="""
            size=3
            echo $size "${size}" size
            size
            """,
        edits=(("size=3", "length=3"),),
        follows=('echo $size "${size}" size → echo $length "${length}" size',),
    ),
    EditScenario(
        name="the calls of a function in a file of another line ending",
        language="c",
        text="int f(int a) { return a; }\r\nint g(void) { return f(1); }\r\n",
        edits=(("int f(", "int first("),),
        follows=("int g(void) { return f(1); } → int g(void) { return first(1); }",),
    ),
)

QUIET = (
    EditScenario(
        name="new code",
        language="python",
        text="def mean(values):\n    return sum(values)\n\n\nprint(mean([1]))\n",
        edits=(("\n\n\n", "\n\n\ndef middle(values):\n    return mean(values) / 2\n\n\n"),),
    ),
    EditScenario(
        name="a number",
        language="python",
        text="retries = 3\ncolumns = 3\n",
        edits=(("retries = 3", "retries = 5"),),
    ),
    EditScenario(
        name="a half typed name: its line does not parse yet",
        language="python",
        text="def area(size):\n    return size * size\n",
        edits=(("area(size):", "area(le"),),
    ),
    EditScenario(
        name="one call that calls something else",
        language="python",
        text="a = load(x)\nb = load(y)\n",
        edits=(("a = load", "a = parse"),),
    ),
    EditScenario(
        name="a name that is still bound",
        language="javascript",
        text="""
            function f(a) {
              const sum = a;
              for (const sum of a) print(sum);
            }
            """,
        edits=(("const sum", "const total"),),
    ),
    EditScenario(
        name="a parameter that calls need not pass",
        language="python",
        text="def ask(host): ...\n\n\ndef status(host, timeout):\n    return ask(host)\n",
        edits=(("ask(host)", "ask(host, timeout=1)"),),
    ),
    EditScenario(
        name="a comment",
        language="python",
        text="# the size of it\nsize = 1\nprint(size)\n",
        edits=(("# the size", "# the length"),),
    ),
    EditScenario(
        name="what was changed back",
        language="python",
        text="a(Optional[int])\nb(Optional[str])\n",
        edits=(("Optional[int]", "int | None"), ("int | None", "Optional[int]")),
    ),
    EditScenario(
        name="what would take an earlier edit back",
        language="python",
        text="def f(length):\n    return size\n",
        edits=(("return size", "return length"), ("f(length)", "f(size)")),
    ),
    EditScenario(
        name="what the user passed",
        language="python",
        text="a = old(1, 2)\nb = old(1, 2)\nc = old(1, 2)\nd = old(1, 2)\ne = old(1, 2)\n",
        edits=(("a = old(1", "a = new(1"), ("d = old(1", "d = new(1")),
    ),
    EditScenario(
        name="an import of another meaning",
        language="python",
        text="from operator import attrgetter\nkey = attrgetter('x')\n",
        edits=(("import attrgetter", "import itemgetter"),),
    ),
    EditScenario(
        name="a removed line",
        language="go",
        text='package p\n\nfunc f() {\n\tprintln("here")\n\tprintln("there")\n}\n',
        edits=(('\tprintln("here")\n', ""),),
    ),
    EditScenario(
        name="a new variable beside the old one",
        language="rust",
        text="fn f(text: &str) -> usize {\n    let size = text.len();\n    size + text.len()\n}\n",
        edits=(("let size", "let text_size"), ("    size +", "    text_size +")),
    ),
    EditScenario(
        name="a flag",
        language="typescript",
        text="const o = {\n  cache: true,\n  retry: true,\n};\n",
        edits=(("cache: true", "cache: false"),),
    ),
)


SHORTHAND_TEXTS = [
    (
        "shorthand_field_initializer",
        "rust",
        "fn f(size: u8) -> S {\n    S { size }\n}\n",
        ["S { size } → S { size: length }"],
    ),
    (
        "shorthand_field_identifier",
        "rust",
        "fn f(size: u8, s: S) -> u8 {\n    let S { size } = s;\n    size\n}\n",
        ["let S { size } = s; → let S { size: length } = s;", "size → length"],
    ),
    (
        "shorthand_property_identifier",
        "typescriptreact",
        "function f(size) {\n  return <A b={{ size }} />;\n}\n",
        ["return <A b={{ size }} />; → return <A b={{ size: length }} />;"],
    ),
    (
        "shorthand_property_identifier_pattern",
        "javascript",
        "function f(size, s) {\n  ({ size = 2 } = s);\n  return size;\n}\n",
        ["({ size = 2 } = s); → ({ size: length = 2 } = s);", "return size; → return length;"],
    ),
]
"""A node type, and what follows from ``f(length`` where ``f(size`` was."""


def _edited(scenario: EditScenario) -> Session:
    session = Session(scenario.text, scenario.language)
    for old, new in scenario.edits:
        session.replace(old, new)
    return session


@pytest.mark.parametrize("scenario", FOLLOWING, ids=lambda one: f"{one.language}: {one.name}")
def test_follows(scenario: EditScenario):
    assert _edited(scenario).changes() == list(scenario.follows)


@pytest.mark.parametrize("scenario", QUIET, ids=lambda one: f"{one.language}: {one.name}")
def test_quiet(scenario: EditScenario):
    assert _edited(scenario).changes() == []


def test_every_shorthand_is_tried():
    assert {kind for kind, *_ in SHORTHAND_TEXTS} == SHORTHANDS


@pytest.mark.parametrize(("kind", "language", "text", "follows"), SHORTHAND_TEXTS)
def test_a_renamed_parameter_keeps_the_key_that_it_stood_for(
    kind: str, language: str, text: str, follows: list[str]
):
    session = Session(text, language)
    assert kind in str(tree_of(session.document).root)
    session.replace("f(size", "f(length")
    assert session.changes() == follows


def test_what_is_undefined_now_is_certain_and_what_may_be_another_is_not():
    session = Session("def f(size):\n    return size\n\n\nf(size=1)\n", "python")
    session.replace("f(size)", "f(length)")
    assert [(one.kind, one.certain) for one in session.candidates()] == [
        (CandidateKind.RENAME, True),
        (CandidateKind.ARGUMENT, False),
    ]
    session = Session("def f(type):\n    return type\n", "python")
    session.replace("f(type)", "f(kind)")
    assert [one.certain for one in session.candidates()] == [False]


def test_the_nearest_below_the_cursor_comes_first():
    session = Session("f()\n\n\ndef f(): ...\n\n\nf()\nf()\n", "python")
    session.replace("def f", "def fetch")
    assert [one.edit.start.line for one in session.candidates((3, 0))] == [6, 7, 0]


def test_an_accepted_candidate_makes_room_for_the_next():
    """As a user does by Tab, Tab: each edit is an event of its own."""
    session = Session("def f(size):\n    a = size\n    b = size\n", "python")
    session.replace("f(size)", "f(length)")
    session.replace("a = size", "a = length")
    assert session.changes() == ["b = size → b = length"]
    session.replace("b = size", "b = length")
    assert session.changes() == []


@pytest.mark.parametrize(
    ("language", "text", "lines"),
    [
        ("python", "from core import fetch\n\nfetch(1)\n", [0, 2]),
        ("python", "from other import fetch\n\nfetch(1)\n", []),
        ("javascript", "const { fetch } = require('./core')\nfetch(1)\n", [0, 1]),
    ],
)
def test_a_definition_renamed_in_one_file_is_renamed_where_it_is_imported(
    language: str, text: str, lines: list[int]
):
    definition = {"python": "def fetch(url): ...\n", "javascript": "function fetch(url) {}\n"}
    session = Session(definition[language], language, "/project/core.py")
    session.replace("fetch", "download")
    importer = snapshot(text, language, path="/project/importer")
    found = candidates(session.history.events(session.now), importer, tree_of(importer))
    assert [one.edit.start.line for one in found] == lines
    assert {one.uri for one in found} <= {importer.uri}


def test_no_text_with_macros_is_parsed_from_scratch(monkeypatch: pytest.MonkeyPatch):
    """In a long one, one such parse takes all the time that there is."""
    session = Session(
        """
        int sum(struct head *list) {
            list_for_each_entry(one, list, node) {
                add(one);
            }
            return count(list);
        }
        """,
        "c",
    )
    session.replace("head *list", "head *items")
    events, tree = session.history.events(session.now), tree_of(session.document)
    parsed: list[bool] = []

    def counted(language: Language, source: bytes, old: Tree | None) -> Tree | None:
        parsed.append(old is None)
        return parse_bytes(language, source, old)

    monkeypatch.setattr("leanwide.syntax.tree.parse_bytes", counted)
    found = candidates(events, session.document, tree)
    assert [one.edit.start.line for one in found] == [2, 5]
    assert parsed == [False, False]


def test_nothing_follows_without_a_tree():
    session = Session("def f(size):\n    return size\n", "python")
    session.replace("f(size)", "f(length)")
    events = session.history.events(session.now)
    assert candidates(events, session.document, None) == ()
    assert candidates((), session.document, tree_of(session.document)) == ()
    assert candidates(events, snapshot("", "python"), tree_of(snapshot("", "python"))) == ()
