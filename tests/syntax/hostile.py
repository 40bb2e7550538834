"""Texts that people do not write and strangers may: deep, broken, monotonous, in every language."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from attrs import frozen

_WIDE: Final = 1_900
"""Characters of a long line in which a completion may still be asked for."""


@frozen
class Hostile:
    """A pattern that is repeated until a text is as long as wanted."""

    language: str
    """The editor's identifier."""
    unit: str
    begin: str = ""
    end: str = ""
    """Repeated as often as the unit, behind all of them."""
    indented: bool = False
    """Each unit is on a line that stands deeper than the one before."""

    @property
    def name(self) -> str:
        """A name for a test."""
        shape = "ladder " if self.indented else "closed " if self.end else ""
        return f"{self.language}: {shape}{(self.begin + self.unit)[:40]!r}"

    def text(self, size: int) -> str:
        """Return at most ``size`` characters, or a little more."""
        if self.indented:
            return self.begin + "".join(_ladder(self.unit, size))
        times = max(1, size // (len(self.unit) + len(self.end)))
        return self.begin + self.unit * times + self.end * times


def _ladder(unit: str, size: int) -> Iterator[str]:
    depth = 0
    while size > 0:
        yield (line := " " * (depth % 2_000) + unit)
        size -= len(line)
        depth += 1


_ANYWHERE: Final = ("(", "[", "{", "<", '"', "'", "`", "a(", "a[", "a<", "a{", "([{", '("', "{'")
"""Openings in any language: on a line each, and many on a line."""
_OWN: Final[dict[str, tuple[str, ...]]] = {
    "c": (
        "a<", "if (a)\n", "if (a) {} else ", "/*", "#if A\n", "(a)", "*", "a + ", "a ? ",
        "struct {\n", "a,\n", "f(a,\n", "case 1:\n", "int (", "do ", "-", "a.b->", "L'",
    ),
    "cpp": (
        "a<", "a<b,", "template <", "a::", "if (a) {} else ", "[](){\n", "a<b>(", "namespace a {\n",
        'R"(', "x < y > ", "try {\n", "a && ", "(a<b)*", "class A {\n", "operator", "a<a<a>>(",
    ),
    "csharp": (
        "a<", "if (a) {} else ", "namespace A {\n", "class A {\n", '$"{', '@"', "a => ", "(a, ",
        "a ? ", "[a]\n", "#region a\n", "a switch {\n", "from a in ", "a + ", "(a)",
    ),
    "css": (
        "a {\n", "a:not(", "@media a {\n", "a,\n", "a > ", "/*", "url(", "a: b;\n", "& b {\n",
    ),
    "go": (
        "func() {\n", "if a {} else ", "[]", "map[a]", "struct {\n", "a[b, ", "*", "a + ", "`",
        "<-", "func(a ", "(a).(", "go func() {\n", "switch {\ncase a:\n",
    ),
    "html": (
        "<a>", "<div>\n", "<p>\n", "<!--", "<script>\n", "<style>\n", "<a b='", "<a ", "</a>\n",
        "&", "<table><tr><td>\n", "<svg>", "<!", "<b><i>", "<ul><li>",
    ),
    "java": (
        "a<", "if (a) {} else ", "class A {\n", "a -> ", "(a)", "@A(", "a ? b : ", "a + ", '"""\n',
        "a.<", "switch (a) { case 1 -> ", "try {\n", "new A() {\n", "a<b,", "int[]",
    ),
    "javascript": (
        "{\n", "(a) => {\n", "`${", "a => ", "if (a) {} else ", "<a>", "a ? b : ",
        "function a() {\n", "/", "a + ", "[...", "class A { a = ", "async () => ", "a?.", "{...",
        "/*", "<a b={",
    ),
    "json": (
        "[\n", '{"a":\n', "[", '{"a":', '"', "[[],", "[1,", "//", "/*", "{", "[{",
    ),
    "lua": (
        "function()\n", "if a then\n", "{", "[[", "[=[", "a..", "repeat\n", "a = {", "--[[", "not ",
        "if a then else", "for a in ", "a.b:c",
    ),
    "markdown": (
        "> ", "- ", ">\n", "* ", "#", "`", "```\n", "[", "![", "*a", "_", "<a>", "|", "1. ", "> - ",
        "- a\n", "[a](", "~~~\n", "    ", "***\n", "\\", "&a", "# a\n", "=\n", "[a]: <",
    ),
    "php": (
        "<?php ", "if ($a):\n", "if ($a) {} else ", "function () {\n", "fn() => ", "[", '"{$',
        "<<<A\n", "$a[", "$$", "class A {\n", "$a ? ", "$a . ", "@", "match ($a) { 1 => ", "(int)",
        "?><?php ",
    ),
    "python": (
        "if a:\n", "lambda: ", "f'{", 'f"{', "(a for ", "not ", "a if b else ", "def f():\n",
        "class A:\n", '"""', "a, ", "[a for a in ", "a + ", "@a\n", "async ", "a[b:", "{a: ",
        "try:\n", "x = ", "elif a:\n", "match a:\n", "a.b(", "**", "\\\n",
    ),
    "ruby": (
        "begin\n", "def a\n", "if a\n", "a do\n", '"#{', "<<A\n", "%w(", "->{", "a {\n",
        "unless a\n", "class A\n", "case a\nwhen ", "[", "a ? b : ", "%q{", "a.b ", "<<~A + ",
        "not ", "`", ":'",
    ),
    "rust": (
        "a<", "a::<", "{\n", "|| ", "if a {} else ", "match a {\n", 'r#"', "mod a {\n", "/*", "&",
        "#[", "a!{", "fn a() {\n", "(a, ", "a<b, ", "'a ", "-> ", "a..", "impl A<", "loop {\n",
        "r###",
    ),
    "shellscript": (
        "$(", "${a", "if a; then\n", "<<A\n", '"$(', "((", "{ ", "a | ", "case a in\n", "`", "[[ ",
        "a=(", "$((", "while a; do\n", "a && ", "f() {\n", "<(", "$'", "<<-A\n", "! ",
    ),
    "toml": (
        "[a]\n", "a = [", "a = {b = ", "a.", "[[a]]\n", '"""', "a = '", "a = 1\n", "#",
    ),
    "typescript": (
        "a<", "a<b,", "(a: ", "type A = ", "{\n", "`${", "a as ", "interface A {\n",
        "a extends b ? ", "<a>", "keyof ", "enum A {\n", "if (a) {} else ", "a => ", "a | ",
        "(a?: ", "[a, ",
    ),
    "typescriptreact": (
        "<a>", "<a b={", "{\n", "<>", "a<", "`${", "(a) => ", "<a {...", "<a>\n{", "a ? ",
        "type A = ", "<a.b ",
    ),
    "yaml": (
        "- ", "a:\n", "? ", "[", "{a: ", "&a ", "*a ", "- - ", "|\n", ">\n", "!a ", "---\n",
        "a: 1\n", "'", "- a: ", "? - ", '"a": {', "%", "# a\n", "{[", "[{a: [",
    ),
}  # fmt: skip
_BEGIN: Final = {"php": "<?php\n"}
_CLOSED: Final = (("(", ")"), ("[", "]"), ("{", "}"), ("<a>", "</a>"), ("f(", ")"), ("a<", ">"))
_PAIRS: Final = (("{\n", "}\n"), ("(\n", ")\n"), ("[\n", "]\n"))
_LADDERS: Final = {
    "python": ("if a:\n", "def f():\n", "a\n"),
    "yaml": ("a:\n", "- a:\n", "- \n"),
    "markdown": ("- a\n", "1. a\n"),
    "html": ("<div>\n",),
    "javascript": ("a(() => {\n",),
}


def hostile() -> Iterator[Hostile]:
    """Yield every pattern of every language."""
    for language, units in _OWN.items():
        begin = _BEGIN.get(language, "")
        for unit in dict.fromkeys((*_ANYWHERE, *units)):
            yield Hostile(language, unit.rstrip("\n") + "\n", begin)
            if "\n" not in unit:
                yield Hostile(language, unit * (_WIDE // len(unit)) + "\n", begin)
        for start, close in (*_CLOSED, *_PAIRS):
            broken = "" if start.endswith("\n") else "\n"
            yield Hostile(language, start + broken, begin, close + broken)
        for unit in _LADDERS.get(language, ()):
            yield Hostile(language, unit, begin, indented=True)
        for seed in range(4):
            yield Hostile(language, _mixed(units, seed), begin)


def _mixed(units: tuple[str, ...], seed: int) -> str:
    """Return lines of pieces drawn by chance."""
    chance = random.Random(seed)
    pieces = (*_ANYWHERE, *units, ")", "]", "}", ">", "a ", "1", ";", "\n", " ")
    return "".join(chance.choice(pieces) for _ in range(3_000)) + "\n"
