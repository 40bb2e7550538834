"""Changed pieces of a code: found in an answer, and put where their old lines are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.postprocess.pieces import ChangedPiece, PiecePlace, Unplaced, pieces_in, placed

LINES = ["def f():", "    a = 1", "    return a", "", "def g():", "    b = 1", "    return 1"]
ALL = range(len(LINES))
WORDS = st.sampled_from(["a", "b", "", "  a", "c", "=====", "<<<<<<< SEARCH"])


def block(old: str, new: str) -> str:
    return f"<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n"


def one(old: str, new: str, lines: list[str] = LINES, shown: range = ALL) -> PiecePlace:
    (place,) = placed(lines, shown, [ChangedPiece(tuple(old.split("\n")), tuple(new.split("\n")))])
    return place


def test_blocks_are_found_in_fences_and_between_sentences():
    answer = f"First:\n```python\n{block('    a = 1', '    a = 2')}```\nand\n{block('x', 'y')}"
    found = pieces_in(answer)
    assert found.whole == (
        ChangedPiece(("    a = 1",), ("    a = 2",)),
        ChangedPiece(("x",), ("y",)),
    )
    assert not found.open
    assert pieces_in(answer[:-20]).open


def test_an_empty_replacement_deletes():
    deleted = pieces_in("<<<<<<< SEARCH\n    a = 1\n=======\n>>>>>>> REPLACE").whole
    assert placed(LINES, ALL, deleted) == [PiecePlace(1, 2, ())]


@given(st.text(alphabet="<>= SEARCHPLab\n"), st.integers(0, 200))
def test_the_blocks_of_a_beginning_are_the_first_of_the_whole(answer: str, cut: int):
    whole = block("a", "b") + answer + "\n" + block("c", "d") + "e"
    beginning = pieces_in(whole[: whole[:cut].rfind("\n") + 1]).whole
    assert pieces_in(whole).whole[: len(beginning)] == beginning


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("    a = 1", "    a = 2", PiecePlace(1, 2, ("    a = 2",))),
        ("a = 1", "a = 2", PiecePlace(1, 2, ("    a = 2",))),
        (
            "a = 1\nreturn a",
            "if a:\n    return a",
            PiecePlace(1, 3, ("    if a:", "        return a")),
        ),
        ("\n    a = 1\n", "\n    a = 2\n", PiecePlace(1, 2, ("    a = 2",))),
        ("    a = 1  ", "", PiecePlace(1, 2, ())),
    ],
)
def test_a_block_is_put_where_its_old_lines_are(old, new, wanted):
    assert one(old, new) == wanted


@pytest.mark.parametrize(
    ("old", "lines", "shown", "why"),
    [
        ("    c = 1", LINES, ALL, "do not occur"),
        ("    a = 1", LINES, range(2, 7), "do not occur"),
        ("x", ["x", "y", "x"], range(3), "occur 2 times"),
        (" ", LINES, ALL, "no line to search for"),
    ],
)
def test_a_block_without_one_place_is_refused(old, lines, shown, why):
    with pytest.raises(Unplaced, match=why):
        one(old, "z", lines, shown)


def test_lines_as_they_are_go_before_lines_with_other_indentation():
    assert one("x", "y", ["  x", "x"], range(2)) == PiecePlace(1, 2, ("y",))


RST = ["Install", "=======", "Run x.", "", "License", "=======", "MIT."]


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("Install\n=======\nRun x.", "Install\n=======\nRun y.",
         PiecePlace(0, 3, ("Install", "=======", "Run y."))),
        ("Run x.", "Run x.\n\nUse\n=======\nCall y.",
         PiecePlace(2, 3, ("Run x.", "", "Use", "=======", "Call y."))),
        ("Run x.\n\nLicense\n=======\nMIT.", "Run x.", PiecePlace(2, 7, ("Run x.",))),
    ],
)  # fmt: skip
def test_a_title_is_not_taken_for_the_middle_mark(old, new, wanted):
    assert placed(RST, range(len(RST)), pieces_in(block(old, new)).whole) == [wanted]


def test_a_title_whose_text_is_not_as_it_stands_there_is_refused():
    found = pieces_in(block("Install\n=======\nRun z.", "Install\n=======\nRun y.")).whole
    with pytest.raises(Unplaced, match="do not occur"):
        placed(RST, range(len(RST)), found)


def test_underlines_of_other_lengths_are_no_marks_where_one_is_as_asked_for():
    (piece,) = pieces_in(block("Use\n=====\nx", "Use\n=====\ny")).whole
    assert piece == ChangedPiece(("Use", "=====", "x"), ("Use", "=====", "y"))


CONFLICT = ["<<<<<<< HEAD", "a = 1", "=======", "a = 2", ">>>>>>> topic", "b = a"]


def test_a_conflict_is_resolved():
    found = pieces_in(block("\n".join(CONFLICT[:5]), "a = 2")).whole
    assert placed(CONFLICT, range(6), found) == [PiecePlace(0, 5, ("a = 2",))]


def test_new_lines_that_are_old_ones_are_as_they_stand_there():
    lines = ["    def f():", '        return """', "text", '"""']
    old, new = 'def f():\n    return """\ntext\n"""', 'def f():\n    a()\n    return """\ntext\n"""'
    wanted = (lines[0], "        a()", *lines[1:])
    assert one(old, new, lines, range(4)) == PiecePlace(0, 4, wanted)


def test_blocks_that_overlap_are_refused():
    pieces = [ChangedPiece(tuple(LINES[:3]), ("x",)), ChangedPiece(tuple(LINES[2:5]), ("y",))]
    with pytest.raises(Unplaced, match="Blocks 1 and 2"):
        placed(LINES, ALL, pieces)


@given(st.lists(WORDS, min_size=1, max_size=9), st.lists(WORDS, min_size=1, max_size=3), st.data())
def test_only_the_old_lines_are_replaced(lines: list[str], new: list[str], data: st.DataObject):
    first = data.draw(st.integers(0, len(lines) - 1))
    last = data.draw(st.integers(first + 1, len(lines)))
    try:
        (place,) = placed(
            lines, range(len(lines)), [ChangedPiece(tuple(lines[first:last]), tuple(new))]
        )
    except Unplaced:
        return
    assert first <= place.first <= place.last <= last
    assert not any(map(str.strip, (*lines[first : place.first], *lines[place.last : last])))
