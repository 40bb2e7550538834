"""Whatever an answer repeats of its file: the final edit holds what was shown of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leanwide.features.edit.insert import insertion_at
from leanwide.features.edit.length_guard import LEAST_SHARE
from leanwide.features.edit.rewrite import rewritten, settled_rewriting
from leanwide.features.refusal import Refusal
from leanwide.syntax import Edit
from tests.features.edit.test_edit import Edited
from tests.features.edit.whole_files import FILES, WholeFile, changed


def beginnings(answer: str) -> Iterator[str]:
    """The answer cut behind each of its lines."""
    lines = answer.splitlines(keepends=True)
    return ("".join(lines[:end]) for end in range(1, len(lines) + 1))


@settings(max_examples=60)
@given(st.sampled_from(FILES), st.data())
def test_the_final_edit_holds_what_streams_of_a_rewrite(file: WholeFile, data) -> None:
    text = data.draw(st.sampled_from(list(file.passages())))
    answer = data.draw(st.sampled_from(list(file.answers(text))))
    resolved = file.selected(text)
    try:
        whole = rewritten(resolved, LEAST_SHARE, answer).edits
    except Refusal:
        return
    for code in beginnings(answer):
        assert set(settled_rewriting(resolved, code)) <= set(whole)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.language)
def test_the_selected_lines_alone_stream(file: WholeFile) -> None:
    lists = [
        settled_rewriting(file.selected(file.two), code) for code in beginnings(changed(file.two))
    ]
    assert any(lists)


def inserting(text: str, line: int, answer: str, path: str, language: str) -> int:
    """How many beginnings of an answer show something; the final edit begins with each."""
    edited = Edited(text=text, path=path, language=language)
    view = edited.place((line, 0), (line, 0)).view
    assignment = asyncio.run(insertion_at(view, "", edited.session))
    try:
        whole = assignment.change(answer).edits
    except Refusal:
        return 0
    lists = [assignment.settled(code) for code in beginnings(answer)]
    for edits in lists:
        assert all(any(begins(one, other) for other in whole) for one in edits)
    return sum(map(bool, lists))


def begins(shown: Edit, final: Edit) -> bool:
    return final[:2] == shown[:2] and final.text.startswith(shown.text)


@settings(max_examples=60)
@given(st.sampled_from(FILES), st.data())
def test_the_final_edit_begins_with_what_streams_of_an_insertion(file: WholeFile, data) -> None:
    text = file.text.replace(f"\n{file.two}", "\n")
    blanks = [row for row, line in enumerate(text.split("\n")) if not line]
    line = data.draw(st.sampled_from(blanks))
    answer = data.draw(st.sampled_from(list(file.answers(file.two))))
    inserting(text, line, answer, file.path, file.language)


@pytest.mark.parametrize(
    ("language", "head", "first", "code"),
    [
        ("javascript", "", "const fs = require('fs');\n", "function f() {\n  a();\n}\n"),
        ("javascript", "import a from 'a';\n", "import {\n  b,\n} from 'b';\n", "a(1);\n"),
        ("lua", 'local a = require("a")\n', 'local util = require("util")\n', "a()\n"),
        ("ruby", "require 'set'\n", "require_relative 'b'\n", "def f\n  a\nend\n"),
        ("rust", "use a::b;\n", "pub use c::{\n    d,\n};\n", "fn f() {\n    a();\n}\n"),
        ("rust", "use a::b;\n", "#[cfg(test)]\nuse c::d;\n", "fn f() {\n    a();\n}\n"),
        ("shellscript", "source a.sh\n", "source b.sh\n", "f() {\n  a\n}\n"),
        ("csharp", "using A;\n", "global using B;\n", "class F\n{\n    int a;\n}\n"),
        ("python", '"""A."""\n\nimport a\n', '"""A."""\n\nimport b\n', "def f():\n    a()\n"),
        ("python", "import a\n", "from b import (\n    c,\n)\n", "def f():\n    a()\n"),
    ],
)
def test_an_import_above_inserted_code_does_not_stream(language, head, first, code) -> None:
    text = f"{head}\n\n\n"
    line = head.count("\n") + 1
    assert inserting(text, line, first, "/project/a", language) == 0
    inserting(text, line, f"{first}\n{code}", "/project/a", language)
