"""The texts that a model compares for a candidate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.context.view import Snapshot, split_lines
from leanwide.features.next_edit.candidate import Candidate, CandidateKind
from leanwide.features.next_edit.judging import judged_texts
from leanwide.postprocess.splice import applied
from leanwide.syntax import Edit, Position

TEXT = "one\ntwo\nthree\nfour\n"


def texts_of(text: str, edit: Edit):
    document = Snapshot(
        uri="file:///a", path="/a", language_id="", version=1, lines=tuple(split_lines(text))
    )
    candidate = Candidate(
        uri=document.uri,
        path=document.path,
        version=1,
        edit=edit,
        replaced="",
        kind=CandidateKind.TWIN,
        certain=False,
        reason="",
    )
    return judged_texts(candidate, document)


@pytest.mark.parametrize(
    ("edit", "present", "changed"),
    [
        (Edit(Position(1, 0), Position(1, 3), "2"), "two\n", "2\n"),
        (Edit(Position(1, 0), Position(2, 0), "2\n"), "two\n", "2\n"),
        (Edit(Position(1, 3), Position(1, 3), "\nand"), "two\n", "two\nand\n"),
        (Edit(Position(1, 0), Position(2, 0), ""), "two\nthree\n", "three\n"),
        (Edit(Position(1, 1), Position(2, 0), ""), "two\nthree\n", "tthree\n"),
        (Edit(Position(3, 0), Position(4, 0), ""), "four\n", "\n"),
        (Edit(Position(4, 0), Position(4, 0), "five\n"), "\n", "five\n"),
    ],
    ids=["word", "line", "longer", "removed", "joined", "last removed", "added"],
)
def test_the_lines_that_an_edit_changes_are_compared(edit, present, changed):
    texts = texts_of(TEXT, edit)
    assert (texts.present, texts.changed) == (present, changed)


@given(
    st.lists(st.sampled_from(["a\n", "bb\n", "\n", "é c\n"]), min_size=1, max_size=6).map("".join),
    st.sampled_from(["", "x", "x\n", "y\nz", "\n"]),
    st.data(),
)
def test_the_text_around_and_the_changed_lines_are_the_text_after_the_edit(text, new, data):
    lines = split_lines(text)
    places = [Position(at, column) for at in range(len(lines)) for column in range(len(lines[at]))]
    start, end = sorted(data.draw(st.sampled_from(places)) for _ in range(2))
    edit = Edit(start, end, new)
    texts = texts_of(text, edit)
    assert texts.before + texts.present + texts.after == text
    after = "".join(applied(lines, (edit,)))
    assert texts.before + texts.changed + texts.after == after or texts.changed == "\n"
