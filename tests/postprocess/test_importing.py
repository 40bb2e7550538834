"""What an answer imports and the file does not."""

from __future__ import annotations

import pytest

from leanwide.postprocess.importing import lacking
from tests.syntax.marked import tree_of


@pytest.mark.parametrize(
    ("language", "file", "answer", "missing"),
    [
        # names that are there already are left out of the statement
        (
            "typescriptreact",
            'import React, { useState } from "react";\n',
            'import React, { useState, useEffect } from "react";\n',
            ['import { useEffect } from "react";'],
        ),
        ("typescript", 'import * as a from "a";\n', 'import b, * as a from "a";\n',
         ['import b from "a";']),
        (
            "rust",
            "use std::{collections::{HashMap}, fs, io};\n",
            "use std::{collections::{HashMap, HashSet}, fs, io::{self, Read as R}};\n",
            ["use std::{collections::{HashSet}, io::{Read as R}};"],
        ),
        (
            "python",
            "from a import (\n    b,\n    c as d,\n)\nimport e.f\n",
            "from a import b, c as d, c, g\nimport e.f, e.h\n",
            ["from a import c, g", "import e.h"],
        ),
        ("python", "from a import b\n", "from a import (\n    b,  # why\n    c,\n    d,\n)\n",
         ["from a import (\n    c,\n    d,\n)"]),
        (
            "go",
            'package a\n\nimport "os"\n',
            'package a\n\nimport (\n\t"fmt" // prints\n\t"os"\n\n\tx "y/z"\n)\n',
            ['import (\n\t"fmt"\n\n\tx "y/z"\n)'],
        ),
        ("php", "<?php\nuse A\\{B, C};\n", "<?php\nuse A\\B;\nuse A\\{C, D as E};\n",
         ["use A\\{D as E};"]),
        ("javascript", 'const { a } = require("b");\n', "const { a, c: d } = require('b');\n",
         ["const { c: d } = require('b');"]),
        # other ways to write the same
        ("javascript", 'import { a } from "b";\n', "import {\n  a,\n} from 'b'\n", []),
        ("java", "package a;\nimport b.C;\n", "package a;\nimport b.C;\nimport b.D;\n",
         ["import b.D;"]),
        ("lua", 'local a = require("a")\n', "local a = require 'a'\n", []),
        ("typescript", 'import { A } from "a";\n', 'import type { A } from "a";\n', []),
        ("rust", "pub use a::b;\n", "use a::{b};\n", []),
        # a name alone says nothing about where it is from
        ("go", 'package a\n\nimport "math/rand"\n', 'package a\n\nimport "crypto/rand"\n',
         ['import "crypto/rand"']),
        ("cpp", '#include "net/types.h"\n', "#include <sys/types.h>\n", ["#include <sys/types.h>"]),
        ("javascript", 'import a from "b";\n', 'import { a } from "b";\n',
         ['import { a } from "b";']),
        ("typescript", 'import type { A } from "a";\n', 'import { A } from "a";\n',
         ['import { A } from "a";']),
        # what is imported in a definition is known there only
        ("python", "def f():\n    import a\n", "import a\n\ndef g():\n    import b\n",
         ["import a"]),
        # twice in the answer
        ("ruby", "", "require 'a'\nrequire \"a\"\n", ["require 'a'"]),
    ],
)  # fmt: skip
def test_an_answer_imports_what_the_file_lacks(
    language: str, file: str, answer: str, missing: list[str]
) -> None:
    tree = tree_of(language, file)
    assert list(lacking(tree, len(tree.lines), tree_of(language, answer))) == missing


def test_what_the_definition_around_a_place_imports_is_known_in_it() -> None:
    file = tree_of("rust", "fn a() {}\n\nmod tests {\n    use super::a;\n\n    fn b() {}\n}\n")
    answer = tree_of("rust", "use super::a;\n\nfn b() {\n    a();\n}\n")
    assert lacking(file, 5, answer) == ()
    assert lacking(file, 0, answer) == ("use super::a;",)


def test_a_statement_of_very_many_names_is_not_taken_apart() -> None:
    """It is known as a whole, so that a long list of names takes no time."""
    names = ", ".join(f"name{at}" for at in range(2_000))
    file = tree_of("python", f"from a import {names}\n")
    assert lacking(file, 1, file) == ()
    more = tree_of("python", f"from a import {names}, b\n")
    assert lacking(file, 1, more) == (f"from a import {names}, b",)
