"""Which lines of a file a window has."""

from __future__ import annotations

import pytest

from leanwide.context.lines import choose_lines
from leanwide.context.plan import TokenRoom, plan_nearest, plan_syntax
from leanwide.context.view import View
from leanwide.context.window import ChosenLines
from leanwide.syntax import language_for, parse
from tests.marked import view_of

PYTHON = '''\
import json
import os
from pathlib import Path


def load(path):
    """Read."""
    with open(path) as file:
        return json.load(file)


class Store:
    """Settings."""

    def get(self, name):
        value = self.settings[name]
        return value

    def path(self):
        here = Path(self.folder)
        ‸
        return here

    def last(self):
        return 1


end = 1
'''

AMPLE = TokenRoom(4000, 4000)


def lines(text: str) -> int:
    """Count a line as a token."""
    return text.count("\n")


def chosen(marked: str, before: int, after: int = 100, language: str = "python") -> ChosenLines:
    view = view_of(marked, language)
    known = language_for(language)
    if known is None:
        plan = plan_nearest(view, AMPLE)
    else:
        plan = plan_syntax(view, parse(known, view.lines), AMPLE)
    return choose_lines(view, plan, TokenRoom(before, after), lines)


def test_with_enough_tokens_everything_relevant_above_is_chosen():
    before = chosen(PYTHON, 1000).before
    assert "import os\n" not in before
    assert "from pathlib import Path\n" in before
    assert "class Store:\n" in before
    assert "value = self.settings[name]\n" in before
    assert before.endswith("    def path(self):\n        here = Path(self.folder)\n")


def test_lines_keep_the_order_of_the_file():
    whole = PYTHON.split("‸", maxsplit=1)[0].splitlines()
    for room in range(40):
        before = chosen(PYTHON, room).before
        kept = [line for line in before.splitlines() if line.strip() != "..."]
        order = iter(whole)
        assert all(line in order for line in kept), kept


def test_with_few_tokens_the_definition_and_its_class_come_first():
    before = chosen(PYTHON, 8).before
    assert "class Store:\n" in before
    assert before.endswith("    def path(self):\n        here = Path(self.folder)\n")
    assert "load" not in before


def test_a_mark_replaces_a_body_that_is_left_out():
    before = chosen(PYTHON, 18).before
    assert "    def get(self, name):\n        ...\n" in before or "value =" in before
    assert "class Store:\n    ...\n" in before


@pytest.mark.parametrize("room", range(0, 40, 3))
def test_the_number_of_tokens_is_not_exceeded(room: int):
    text = chosen(PYTHON, room, room)
    assert lines(text.before) <= room
    assert lines(text.after) <= room


def test_the_text_after_the_cursor_has_no_gap():
    whole = PYTHON.split("‸\n")[1]
    for room in range(12):
        after = chosen(PYTHON, 10, room).after
        assert whole.startswith(after)
        assert lines(after) == min(room, lines(whole))


def test_at_the_top_level_the_nearest_lines_are_chosen():
    marked = "".join(f"a{n} = {n}\n" for n in range(50)) + "‸\n" + "z = 1\n" * 5
    text = chosen(marked, 10, 3)
    assert text.before == "".join(f"a{n} = {n}\n" for n in range(40, 50))
    assert text.after == "z = 1\n" * 3


def test_without_a_grammar_the_nearest_lines_are_chosen():
    marked = "".join(f"line {n}\r\n" for n in range(50)) + "‸\r\nz\r\n"
    text = chosen(marked, 3, 1, language="no such language")
    assert text.before == "line 47\nline 48\nline 49\n"
    assert text.after == "z\n"


def test_braces_are_folded_with_a_comment():
    body = "".join(f"    use({n});\n" for n in range(10))
    marked = f"class A {{\n  first() {{\n{body}  }}\n\n  second() {{\n    ‸\n  }}\n}}\n"
    before = chosen(marked, 12, language="typescript").before
    assert "  first() {\n    // ...\n" in before
    assert before.endswith("  second() {\n")


@pytest.mark.parametrize("marked", ["‸", "‸\n", "\n‸", "x‸", "def f(:\n  )‸(\n", "\x0c\n‸\n"])
def test_odd_documents_raise_nothing(marked: str):
    assert isinstance(chosen(marked, 10, 10).before, str)


def test_the_cursors_own_line_is_in_neither_part():
    view: View = view_of("a\nb‸c\nd\n")
    text = choose_lines(view, plan_nearest(view, AMPLE), TokenRoom(10, 10), lines)
    assert (text.before, text.after) == ("a\n", "d\n")
