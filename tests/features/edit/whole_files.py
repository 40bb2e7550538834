"""A small file of each of some languages, and answers that repeat more of it than was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from textwrap import dedent
from typing import Final

from attrs import frozen

from leanwide.context.passage import Passage
from leanwide.context.view import View, split_lines
from leanwide.features.ask.selection import ResolvedSelection
from leanwide.syntax import language_for, parse


@frozen
class WholeFile:
    """A file with an import and a class ``K`` of two methods; ``q = 1`` is to become ``q = 7``."""

    path: str
    language: str
    head: str
    """What stands above the class, with the import."""
    open: str
    one: str
    top: str
    """The head of the second method."""
    body: str
    bottom: str
    close: str
    new: str
    """An import that the file lacks."""

    @property
    def two(self) -> str:
        """The second method."""
        return self.top + self.body + self.bottom

    @property
    def text(self) -> str:
        """The whole file."""
        return f"{self.head}\n{self.open}{self.one}\n{self.two}\n{self.close}"

    def passages(self) -> Iterator[str]:
        """Yield what may be selected: a block, a method, more or less than one."""
        yield self.body
        yield self.body[: self.body.index("\n") + 1]
        yield self.two
        yield f"{self.two}\n"
        yield f"{self.one}\n{self.two}"
        yield self.top + self.body
        yield f"{self.open}{self.one}\n{self.two}\n{self.close}"

    def selected(self, text: str) -> ResolvedSelection:
        """Return the selection of a part of the file."""
        language, lines = language_for(self.language), tuple(split_lines(self.text))
        assert language is not None
        first = self.text[: self.text.index(text)].count("\n")
        view = View(
            uri=PurePosixPath(self.path).as_uri(),
            path=self.path,
            language_id=self.language,
            version=1,
            lines=lines,
            line=first,
            column=0,
        )
        passage = Passage(first=first, last=first + text.count("\n"))
        return ResolvedSelection(view=view, tree=parse(language, lines), passage=passage)

    def answers(self, text: str) -> Iterator[str]:
        """Yield answers for a part of the file: alone, in its class, in the whole file."""
        new, whole = changed(text), changed(self.text)
        yield new
        yield dedent(new)
        yield whole
        yield self.new + whole
        yield f"{self.new}\n{new}"
        yield f"{self.head}\n{new}"
        yield whole[len(self.head) + 1 :]
        yield f"{self.open}{new}{self.close}"
        yield f"{self.open}{changed(self.two)}{self.close}"
        yield changed(self.two)


def changed(text: str) -> str:
    """The text after what was asked for."""
    return text.replace("q = 1", "q = 7")


FILES: Final = (
    WholeFile(
        "/a.py", "python", "import os\n", "# About K\nclass K:\n",
        "    def one(self, a):\n        b = a\n        return b\n",
        "    def two(self):\n",
        "        q = 1\n        r = 2\n        s = 3\n        return q + r + s\n",
        "", "\nx = K()\n", "import re\n",
    ),
    WholeFile(
        "/a.js", "javascript", "const fs = require('fs');\n", "// About K\nclass K {\n",
        "  one(a) {\n    return a;\n  }\n",
        "  two() {\n",
        "    const q = 1;\n    const r = 2;\n    const s = 3;\n    return q + r + s;\n",
        "  }\n", "}\n", "const os = require('os');\n",
    ),
    WholeFile(
        "/a.ts", "typescript", "import { a } from './a';\n", "// About K\nexport class K {\n",
        "  one(a: number): number {\n    return a;\n  }\n",
        "  @Cached()\n  two(): number {\n",
        "    const q = 1;\n    const r = 2;\n    const s = 3;\n    return q + r + s;\n",
        "  }\n", "}\n", "import { q } from './q';\n",
    ),
    WholeFile(
        "/a.go", "go", 'package a\n\nimport "os"\n', "// K is one.\ntype K struct{}\n\n",
        "func (k K) One(a int) int {\n\treturn a\n}\n",
        "func (k K) Two() int {\n",
        "\tvar q = 1\n\tr := 2\n\ts := 3\n\treturn q + r + s\n",
        "}\n", "", 'import "fmt"\n',
    ),
    WholeFile(
        "/a.rs", "rust", "use std::fs;\n", "// About K\nimpl K {\n",
        "    fn one(&self, a: i32) -> i32 {\n        a\n    }\n",
        "    #[inline]\n    pub fn two(&self) -> i32 {\n",
        "        let q = 1;\n        let r = 2;\n        let s = 3;\n        q + r + s\n",
        "    }\n", "}\n", "use std::io;\n",
    ),
    WholeFile(
        "/K.java", "java", "package a;\n\nimport a.b.C;\n", "/** About K. */\npublic class K {\n",
        "    @Override\n    public int one(int a) {\n        return a;\n    }\n",
        "    @Override\n    public int two() {\n",
        "        int q = 1;\n        int r = 2;\n        int s = 3;\n        return q + r + s;\n",
        "    }\n", "}\n", "import a.b.D;\n",
    ),
    WholeFile(
        "/a.c", "c", "#include <a.h>\n", "/* About one. */\n",
        "int one(int a) {\n    return a;\n}\n",
        "int two(void) {\n",
        "    int q = 1;\n    int r = 2;\n    int s = 3;\n    return q + r + s;\n",
        "}\n", "", "#include <b.h>\n",
    ),
    WholeFile(
        "/a.cpp", "cpp", "#include <a>\n", "// About K\nclass K {\npublic:\n",
        "  int one(int a) {\n    return a;\n  }\n",
        "  int two() const {\n",
        "    int q = 1;\n    int r = 2;\n    int s = 3;\n    return q + r + s;\n",
        "  }\n", "};\n", "#include <b>\n",
    ),
    WholeFile(
        "/K.cs", "csharp", "using System;\n\nnamespace N;\n",
        "/// <summary>About K.</summary>\npublic class K\n{\n",
        "    public int One(int a)\n    {\n        return a;\n    }\n",
        "    public int Two()\n    {\n",
        "        var q = 1;\n        var r = 2;\n        var s = 3;\n        return q + r + s;\n",
        "    }\n", "}\n", "using System.Linq;\n",
    ),
    WholeFile(
        "/a.rb", "ruby", "require 'set'\n", "# About K\nclass K\n",
        "  def one(a)\n    a\n  end\n",
        "  def two\n",
        "    q = 1\n    r = 2\n    s = 3\n    q + r + s\n",
        "  end\n", "end\n", "require 'json'\n",
    ),
    WholeFile(
        "/a.php", "php", "<?php\n\nnamespace A;\n\nuse A\\B;\n", "/** About K. */\nclass K\n{\n",
        "    public function one($a)\n    {\n        return $a;\n    }\n",
        "    public function two()\n    {\n",
        "        $q = 1;\n        $r = 2;\n        $s = 3;\n        return $q + $r + $s;\n",
        "    }\n", "}\n", "use A\\D;\n",
    ),
    WholeFile(
        "/a.lua", "lua", 'local util = require("util")\n', "-- About K\nlocal K = {}\n\n",
        "function K.one(a)\n  return a\nend\n",
        "function K.two()\n",
        "  local q = 1\n  local r = 2\n  local s = 3\n  return q + r + s\n",
        "end\n", "return K\n", 'local os2 = require("os2")\n',
    ),
)  # fmt: skip
