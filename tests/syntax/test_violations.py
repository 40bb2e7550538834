"""What compilers refuse although it parses, and what looks like it and is legal."""

from __future__ import annotations

import pytest

from leanwide.syntax import error_count, languages, violations
from leanwide.syntax.compiler_rules import COMPILER_RULES
from tests.syntax.marked import tree_of

PYTHON_PAIR = "class A:\n    @property\n    def x(self):\n        return 1\n\n"


@pytest.mark.parametrize(
    ("language", "text", "sentences"),
    [
        (
            "go",
            "package a\n\nfunc f() {}\n\npackage a\n",
            ["`package a` stands in the file already."],
        ),
        (
            "go",
            'package a\n\nfunc f() {}\n\nimport "b"\n',
            ['`import "b"` has to stand above the code.'],
        ),
        (
            "go",
            'package a\n\nimport (\n\t"math/rand"\n\t"crypto/rand"\n)\n',
            ["`rand` is imported from two places."],
        ),
        (
            "typescript",
            'import { a } from "b";\nimport { c as a } from "b";\n',
            ["`a` is imported from two places."],
        ),
        ("python", "import a\nfrom b import a\n", ["`a` is imported from two places."]),
        ("java", "import a.C;\nimport b.C;\n", ["`C` is imported from two places."]),
        (
            "php",
            "<?php\nuse function A\\f;\nuse function B\\{C, f};\n",
            ["`f` is imported from two places."],
        ),
        (
            "rust",
            "extern crate a;\nextern crate b as a;\n",
            ["`a` is imported from two places."],
        ),
        (
            "go",
            'package a\n\nimport (\n\tb "x.org/b"\n\tb "x.org/c"\n)\n',
            ["`b` is imported from two places."],
        ),
        ("go", "package a\nfunc f() {}\nvar f = 1\n", ["`f` is defined twice."]),
        ("go", "package a\nfunc (a *A) F() {}\nfunc (b A) F() {}\n", ["`F` is defined twice."]),
        (
            "go",
            "package a\nfunc F() { return 1 }\n",
            ["A value is returned, but not by its head: `func F()`."],
        ),
        (
            "go",
            "package a\nfunc F() { for { func() { continue }() } }\n",
            ["It has `continue` outside of a loop."],
        ),
        (
            "java",
            "package a;\nclass A {}\nimport b.C;\n",
            ["`import b.C;` has to stand above the code."],
        ),
        (
            "java",
            "class A { int f(int a) { return 1; } void f(int b) {} }",
            ["`f` is defined twice."],
        ),
        ("java", "class A { int a; String a; }", ["`a` is defined twice."]),
        ("java", "class A { public total() {} }", ["`total` lacks the type of its result."]),
        (
            "java",
            "class A { void f() { return 1; } }",
            ["A value is returned, but not by its head: `void f()`."],
        ),
        ("csharp", "class A {}\nusing B;\n", ["`using B;` has to stand above the code."]),
        (
            "csharp",
            "class A { void F(int a) {} int F(int a) { return 1; } }",
            ["`F` is defined twice."],
        ),
        (
            "csharp",
            "class A { void F() { await G(); } }",
            ["It has `await` outside of an async method."],
        ),
        ("c", "int f(void) { return 1; }\nint f(void) { return 2; }\n", ["`f` is defined twice."]),
        ("cpp", "class A { void f() {} void f() {} };", ["`f` is defined twice."]),
        ("rust", "impl A { fn f(&self) {} fn f(&mut self) {} }", ["`f` is defined twice."]),
        ("rust", "fn f() { g().await; }", ["It has `.await` outside of an async function."]),
        ("javascript", "const a = 1;\nfunction a() {}\n", ["`a` is defined twice."]),
        ("javascript", "class A { f() {} g() {} f() {} }", ["`f` is defined twice."]),
        (
            "typescript",
            "class A { async f() { g(() => { await h(); }); } }",
            ["It has `await` outside of an async function."],
        ),
        (
            "javascript",
            "items.forEach((one) => { continue; });",
            ["It has `continue` outside of a loop."],
        ),
        ("php", "<?php\nclass A { function f() {} function f($a) {} }", ["`f` is defined twice."]),
        (
            "php",
            "<?php\nfunction f(): void { return 1; }",
            ["A value is returned, but not by its head: `function f(): void`."],
        ),
        ("ruby", "class A\n  def f\n  end\n\n  def f(a)\n  end\nend\n", ["`f` is defined twice."]),
        ("python", "def f():\n    pass\n\ndef f():\n    pass\n", ["`f` is defined twice."]),
        (
            "python",
            "class A:\n    return 1\n",
            ["It has `return` or `yield` outside of a function."],
        ),
        (
            "python",
            "for a in b:\n    def f():\n        continue\n",
            ["It has `break` or `continue` outside of a loop."],
        ),
        ("python", "def f():\n    await g()\n", ["It has `await` outside of an async function."]),
        (
            "python",
            "import a\nfrom __future__ import b\n",
            ["`from __future__ import b` has to stand above the code."],
        ),
    ],
)
def test_what_a_compiler_refuses(language: str, text: str, sentences: list[str]) -> None:
    tree = tree_of(language, text)
    assert error_count(tree) == 0
    assert [one.sentence for one in violations(tree)] == sentences


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "typescript",
            "function f(a: string): void;\nfunction f(a: number): void;\nfunction f(a: any) {}",
        ),
        ("typescript", "interface A { a: B }\ninterface A { b: B }\nclass A {}\nnamespace A {}"),
        ("typescript", "class A { get a() { return 1; } set a(b) {} static f() {} f() {} }"),
        (
            "javascript",
            "for (let i = 0; ; ) {}\nfor (let i = 0; ; ) {}\nif (a) { let b; } else { let b; }",
        ),
        (
            "javascript",
            "await f();\nouter: for (const a of b) { switch (a) { case 1: break outer; } }",
        ),
        ("javascript", "f({ a: { get() {} }, b: { get() {} } });\nconst c = { get() {} };"),
        ("javascript", "switch (a) { case 1: break; }\nfor (;;) { if (a) continue; }"),
        (
            "java",
            "class A { A() {} A(int a) {} void f() {} void f(int a) {} class B { void f() {} } }",
        ),
        ("java", "class A { void f() { g(() -> { return 1; }); return; } int a, b; }"),
        ("csharp", "namespace A;\nusing B;\npartial class C {}\npartial class C {}\nclass C<T> {}"),
        ("csharp", "class A { void B.F() {} void C.F() {} void F(ref int a) {} void F(int a) {} }"),
        ("csharp", "class A { async void F() { await G(); } int H { get { return 1; } } }"),
        (
            "cpp",
            "void f(int a) {}\nvoid f(double a) {}\n"
            "int A::f() const { return 1; }\nint A::f() { return 1; }",
        ),
        (
            "cpp",
            "template <class T> struct A {};\n"
            "template <> struct A<int> {};\nstruct B;\nstruct B {};",
        ),
        ("c", "#ifdef A\nint f(void) { return 1; }\n#else\nint f(void) { return 2; }\n#endif\n"),
        ("c", "int f(void);\nint f(void) { return 1; }\nstruct a *b(struct a *c) { return c; }\n"),
        (
            "rust",
            "#[cfg(unix)]\nfn f() {}\n#[cfg(windows)]\n"
            "fn f() {}\nstruct A;\nfn a() {}\nconst _: () = ();\n",
        ),
        (
            "rust",
            "impl A { fn f(&self) {} }\nimpl B { fn f(&self) {} }\n"
            "fn g() { h(async { i().await }); }",
        ),
        (
            "go",
            "package a\nfunc init() {}\nfunc init() {}\n"
            "func (a A) F() {}\nfunc (b B) F() {}\nvar _ = 1\nvar _ = 2\n",
        ),
        (
            "go",
            "package a\nfunc F() (b int) { b = 1; return }\n"
            "func G() { _ = func() int { return 1 }; return }\n",
        ),
        (
            "php",
            "<?php\nif (a()) { function f() {} } else { function f() {} }\n"
            "class A { function f() {} }",
        ),
        (
            "ruby",
            "class A\n  def f\n  end\n\n  def self.f\n  end\nend\nclass A\n  def f\n  end\nend\n",
        ),
        ("python", f"{PYTHON_PAIR}    @x.setter\n    def x(self, value):\n        pass\n"),
        (
            "python",
            "@overload\ndef f(a: int): ...\n@overload\n"
            "def f(a: str): ...\ndef f(a):\n    return a\n",
        ),
        (
            "python",
            "try:\n    from a import f\nexcept ImportError:\n    def f():\n"
            "        pass\nelse:\n    def f():\n        pass\n",
        ),
        (
            "python",
            "class A:\n    def f(self):\n        return 1\n"
            "\nclass B:\n    def f(self):\n        return 1\n",
        ),
        (
            "python",
            "import a.b\nimport a.c\nif d:\n    import e\nelse:\n    import f as e\n",
        ),
        ("go", 'package a\n\nimport (\n\t"b/v2"\n\t"c/v2"\n\t_ "d"\n\t_ "e"\n)\n'),
        (
            "go",
            'package a\n\nimport (\n\t"x.org/b"\n\tb "x.org/b"\n\t"x.org/c/b"\n'
            '\tf "fmt"\n\t"fmt"\n)\n',
        ),
        ("php", "<?php\nuse A\\F;\nuse function B\\F;\nuse C\\{const F, D};\n"),
        ("php", "<?php\nnamespace A;\nuse B\\C;\n\nnamespace D;\nuse E\\C;\n"),
        ("php", "<?php\nclass F {}\nfunction F() { return new F(); }\n"),
        ("java", "class A { B B; static class B {} }"),
        ("java", "import static a.B.f;\nimport static c.D.f;\nimport a.*;\nimport c.*;\n"),
        ("rust", "use a::Error;\nuse b::{self, Error};\nuse c::d as b;\nmod e { use f::Error; }\n"),
        (
            "rust",
            "#[cfg(unix)]\n/// A\nfn f() {}\n#[cfg(windows)]\n// B\nfn f() {}\n"
            "#[cfg(unix)]\n// C\nextern crate a as b;\nextern crate c as b;\n",
        ),
        ("cpp", '#include "a/b.h"\n#include "c/b.h"\nusing a::f;\nusing b::f;\n'),
        (
            "python",
            '"""A."""\n# b\nfrom __future__ import c\nimport d\n'
            "\nasync def e():\n    await d.f()\n\nawait e()\n",
        ),
    ],
)
def test_what_is_legal(language: str, text: str) -> None:
    tree = tree_of(language, text)
    assert error_count(tree) == 0
    assert violations(tree) == ()


def test_rules_name_nodes_of_their_grammar() -> None:
    """All languages with rules exist, and a name that no grammar has would never hold."""
    known = {language.name: language.grammar() for language in languages()}
    shared = {"c": "cpp", "javascript": "typescript"}
    for name, rules in COMPILER_RULES.items():
        grammars = [known[name], known[shared.get(name, name)]]
        kinds = {*rules.once, *rules.early, *rules.late, *rules.unique, *rules.returns}
        kinds |= {*rules.functions, *rules.constructors, *rules.classes}
        kinds |= {kind for place in rules.places for kind in (*place.kinds, *place.within)}
        unknown = {
            kind
            for kind in kinds
            if not any(grammar.id_for_node_kind(kind, True) for grammar in grammars)
        }
        assert not unknown, name
