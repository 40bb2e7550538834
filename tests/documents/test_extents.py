"""What is inserted at a place is followed through every change of the document."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from leanwide.lsp.documents import OpenDocument
from leanwide.lsp.extents import line_change

LINES = st.lists(st.sampled_from(["a", "b", "\n", "\r\n"]), max_size=20)
SHARES = st.floats(0, 1, width=16)
CHANGES = st.lists(
    st.tuples(st.sampled_from(["part", "whole", "format"]), SHARES, SHARES, LINES), max_size=8
)


def document(text: str) -> OpenDocument:
    item = types.TextDocumentItem("file:///a.py", "python", 1, text)
    return OpenDocument(text, PositionCodec("utf-16"), item)


def position(text: str, at: int) -> types.Position:
    """The position of a code point; those between CR and LF are after the LF."""
    at += text[at - 1 : at + 1] == "\r\n"
    before = text[:at]
    return types.Position(before.count("\n"), at - (before.rfind("\n") + 1))


def offset(text: str, share: float) -> int:
    """A place in a text that is not between CR and LF."""
    at = round(share * len(text))
    return at + (text[at - 1 : at + 1] == "\r\n")


@given(LINES, SHARES, LINES, CHANGES)
def test_no_change_takes_anything_out_of_an_extent_but_what_it_deletes(
    before, where, inserted, changes
):
    """The inserted letters are capitals, which nothing else inserts."""
    opened = document("".join(before))
    at = position(opened.source, offset(opened.source, where))
    read = opened.track(at.line, at.character)
    new = "".join(inserted).upper()
    change(opened, at, at, new)
    assert read() == new
    for kind, start, end, text in changes:
        one_change(opened, kind, (start, end), "".join(text))
        left = [letter for letter in opened.source if letter in "AB"]
        assert [letter for letter in read() if letter in "AB"] == left


@given(LINES, LINES, SHARES, LINES, st.integers(0, 3))
def test_typing_elsewhere_leaves_an_extent_as_it_is(head, tail, where, typed, blank):
    opened = document("".join(head) + "_" + "\n" * blank + "_" + "".join(tail))
    text = opened.source
    middle = text.index("_") + 1
    at = position(text, middle)
    read = opened.track(at.line, at.character)
    change(opened, at, at, "KEPT\nTEXT")
    for first in (False, True):
        text = opened.source
        place = offset(text[: middle - 1], where)
        if not first:
            place += middle + len("KEPT\nTEXT") + 1
            place = min(place, len(text))
        to = position(text, place)
        change(opened, to, to, "".join(typed))
        assert read() == "KEPT\nTEXT"


def one_change(opened: OpenDocument, kind: str, shares: tuple[float, float], text: str) -> None:
    source = opened.source
    start, end = sorted(offset(source, share) for share in shares)
    if kind == "part":
        change(opened, position(source, start), position(source, end), text)
        return
    new = source[:start] + text + source[end:] if kind == "whole" else f"b{source}\nb"
    if kind == "format":  # all lines as one range, of which most are the same
        change(opened, position(source, 0), position(source, len(source)), new)
    else:
        opened.apply_change(types.TextDocumentContentChangeWholeDocument(new))


def change(opened: OpenDocument, start: types.Position, end: types.Position, text: str) -> None:
    span = types.Range(start, end)
    opened.apply_change(types.TextDocumentContentChangePartial(span, text))


def test_a_replacement_of_lines_is_narrowed_to_those_that_differ():
    before, after = ["a\n", "b\n", "c\n", "d\n"], ["a\n", "B\n", "B\n", "c\n", "d\n"]
    found = line_change(7, before, after)
    assert found is not None
    assert (found.start, found.old_end, found.new_end) == ((8, 0), (9, 0), (10, 0))
    assert line_change(7, before, before) is None
