"""Whatever a model answers: only the lines of the passage change."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from leanwide.context.passage import Passage
from leanwide.context.view import View, split_lines
from leanwide.features.ask.selection import ResolvedSelection
from leanwide.features.edit.add_documentation import with_documentation
from leanwide.features.edit.change import FileEdit
from leanwide.features.edit.length_guard import LEAST_SHARE
from leanwide.features.edit.rewrite import rewritten, settled_rewriting
from leanwide.features.edit.streaming import EditStream
from leanwide.features.refusal import Refusal
from leanwide.postprocess.code import code_in, text_in
from leanwide.postprocess.splice import applied
from leanwide.syntax import (
    Edit,
    Position,
    documentation_runs,
    error_count,
    language_for,
    parse,
)

SOURCE = '''\
import os


class Files:
    """Files of a folder."""

    def list(self, folder):
        # in no order
        return os.listdir(folder)

    def text(self):
        return """
  a
"""
'''
PYTHON = language_for("python")
PASSAGE = Passage(first=6, last=13)
PARTS = (
    "def list(self, folder):\n",
    "    # in no order\n",
    "    return os.listdir(folder)\n",
    "def text(self):\n",
    '    return """\n  a\n"""\n',
    '    """List\n\n    them."""\n',
    '    """One."""\n',
    '"""\n',
    "class Files:\n",
    "import os\n",
    "    return (\n",
    "x = 1\n",
    "\t\n",
    "I cannot.\n",
    "\n",
)
ANSWERS = st.lists(st.sampled_from(PARTS) | st.text(max_size=5), min_size=1, max_size=9)


def found(source: str = SOURCE, passage: Passage = PASSAGE) -> ResolvedSelection:
    assert PYTHON is not None
    lines = tuple(split_lines(source))
    view = View(
        uri="file:///a.py",
        path="/a.py",
        language_id="python",
        version=1,
        lines=lines,
        line=passage.first,
        column=0,
    )
    return ResolvedSelection(view=view, tree=parse(PYTHON, lines), passage=passage)


def check_range(change: FileEdit) -> list[str]:
    """The lines after the change, which is in the passage and breaks nothing."""
    after = applied(change.lines, change.edits)
    below = len(change.lines) - PASSAGE.last
    assert after[: PASSAGE.first] == list(change.lines[: PASSAGE.first])
    assert after[len(after) - below :] == list(change.lines[PASSAGE.last :])
    assert PYTHON is not None
    assert error_count(parse(PYTHON, after)) == 0
    return after


@given(ANSWERS)
def test_a_rewrite_stays_in_its_lines(answer: list[str]) -> None:
    try:
        change = rewritten(found(), LEAST_SHARE, "".join(answer))
    except Refusal:
        return
    check_range(change)


@given(ANSWERS)
def test_documentation_changes_no_line_of_code(answer: list[str]) -> None:
    here = found()
    assert here.tree is not None
    try:
        change = with_documentation(here, here.tree, "".join(answer))
    except Refusal:
        return
    after = check_range(change)
    assert code_of(after) == code_of(list(change.lines))


def code_of(lines: list[str]) -> list[str]:
    assert PYTHON is not None
    runs = documentation_runs(parse(PYTHON, lines), 0, len(lines))
    documenting = {row for start, end in runs for row in range(start, end)}
    rows = [line for row, line in enumerate(lines) if row not in documenting and line.strip()]
    assert "  a\n" in rows
    return rows


LINES = tuple(f"    {name} = folder.{name}\n" for name in "abcdefgh")
METHOD = "    def all(self, folder):\n" + "".join(f"    {line}" for line in LINES)


def cut(answer: str, settled: Callable[[str], tuple[Edit, ...]]) -> list[tuple[Edit, ...]]:
    """What the beginnings of an answer settle, cut behind each line and inside it."""
    edits: list[tuple[Edit, ...]] = []
    stream = EditStream(code_in, settled, edits.append)
    ends = [at + 1 for at, character in enumerate(answer) if character == "\n"]
    for end in (0, *ends, *(max(0, end - 3) for end in ends)):
        found = stream.edits(answer[:end])
        edits += [found] if found is not None else []
    return edits


@given(st.lists(st.sampled_from((*LINES, "    x = 1\n", "\n", '    """One."""\n')), max_size=12))
def test_an_answer_cut_anywhere_streams_only_what_the_whole_edit_holds(parts: list[str]) -> None:
    before = f"class Files:\n{METHOD}"
    resolved = found(before, Passage(first=1, last=1 + len(LINES) + 1))
    answer = "```python\ndef all(self, folder):\n" + "".join(parts) + "".join(LINES[5:]) + "```\n"
    try:
        whole = rewritten(resolved, LEAST_SHARE, code_in(answer).text).edits
    except Refusal:
        whole = ()
    for edits in cut(answer, partial(settled_rewriting, resolved)):
        assert edits == whole[: len(edits)]


AROUND = (
    ("import re\n\n", METHOD[4:].replace("\n    ", "\n"), ""),
    ("import re\n\n\nclass Files:\n", METHOD, "\n    def more(self):\n        pass\n"),
    ("class Files:\n    def less(self):\n        pass\n\n", METHOD, ""),
)


@settings(max_examples=30)
@given(st.sampled_from(AROUND), st.lists(st.sampled_from((1, 3, 6)), unique=True))
def test_what_streams_of_a_wrapped_answer_is_a_part_of_the_whole_edit(around, changed):
    above, method, below = around
    less, more = (f"    def {name}(self):\n        pass\n" for name in ("less", "more"))
    text = f"import os\n\n\nclass Files:\n{less}\n{METHOD}\n{more}"
    resolved = found(text, Passage(first=7, last=16))
    for at in changed:
        method = method.replace(f"{LINES[at].strip()}\n", f"{LINES[at].strip()} or None\n")
    answer = f"```python\n{above}{method}{below}```\n"
    try:
        whole = rewritten(resolved, LEAST_SHARE, code_in(answer).text).edits
    except Refusal:
        whole = ()
    lists = cut(answer, partial(settled_rewriting, resolved))
    assert all(set(edits) <= set(whole) for edits in lists)
    if 1 in changed:
        assert any(lists)


def test_what_streams_of_prose_is_not_taken_back_where_a_block_opens_in_it() -> None:
    shown: list[tuple[Edit, ...]] = []
    edit = Edit(Position(0, 0), Position(0, 0), "A")
    stream = EditStream(
        partial(text_in, fence="````"), lambda code: (edit,) if code else (), shown.append
    )
    answer = "```markdown\n# A\n```sh\nls\n```\nend\n"
    found = [stream.edits("".join(answer.splitlines(True)[:end])) for end in range(1, 7)]
    assert found[:2] == [None, (edit,)]
    assert () not in found


def test_nothing_streams_before_the_code_begins() -> None:
    answer = "Here it is:\n\nimport os\nx\n"
    assert cut(answer, partial(settled_rewriting, found())) == []
