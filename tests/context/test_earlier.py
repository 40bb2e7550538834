"""Views whose text far above the cursor is an earlier one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leanwide.context.earlier import earlier_above
from leanwide.context.view import View
from leanwide.syntax import split
from tests.marked import view_of

LINES = tuple(f"line {number}\n" for number in range(40))
EDITS = st.dictionaries(st.integers(0, 39), st.sampled_from(["", "a\n", "b\nc\r\n"]), max_size=5)


def at_line_30(edited: dict[int, str]) -> View:
    lines = [edited.get(number, line) for number, line in enumerate(LINES)]
    return view_of("".join(lines[:30]) + "‸" + "".join(lines[30:]))


def above(view: View | None) -> str | None:
    return "".join(view.lines[: view.line]) if view is not None else None


def test_edits_far_above_are_undone_and_those_near_the_cursor_stay():
    changed = at_line_30({3: "", 10: "ten\nand a half\n", 28: "typed\n"})
    earlier = (*LINES[:35], "gone below\n", *LINES[35:])
    found = earlier_above(changed, earlier)
    assert above(found) == above(at_line_30({28: "typed\n"}))
    assert found is not None
    assert found.lines[found.line :] == changed.lines[changed.line :]


def test_an_edit_that_is_near_the_cursor_leaves_nothing_to_undo():
    assert earlier_above(at_line_30({25: "typed\n"}), LINES) is None
    assert earlier_above(at_line_30({33: "typed\n"}), LINES) is None
    assert earlier_above(at_line_30({}), LINES) is None


@given(EDITS, EDITS, st.integers(0, 40))
def test_the_lines_above_are_the_earlier_texts_and_then_the_present_ones(
    before: dict[int, str], after: dict[int, str], line: int
):
    earlier = tuple(split("".join(before.get(number, text) for number, text in enumerate(LINES))))
    now = [after.get(number, text) for number, text in enumerate(LINES)]
    view = view_of("".join(now[:line]) + "‸" + "".join(now[line:]))
    line = view.line
    found = earlier_above(view, earlier)
    if found is None:
        return
    kept = next(kept for kept in range(found.line, -1, -1) if found.lines[:kept] == earlier[:kept])
    present = found.line - kept
    assert found.lines[kept : found.line] == view.lines[line - present : line]
    assert found.lines[kept - 8 : kept] == view.lines[line - present - 8 : line - present]
    assert found.lines[found.line :] == view.lines[line:]
