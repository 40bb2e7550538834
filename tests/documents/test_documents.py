"""Documents stay in step with the editor, in every position encoding and whatever the text is.

The reference below knows the text as bytes of the client's encoding and finds lines by walking
over characters; it shares no code with the product.
"""

from __future__ import annotations

import bisect
import os
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from leanwide.lsp.documents import DocumentWorkspace, OpenDocument, PositionError

EDITED_DOCUMENTS = int(os.environ.get("LEANWIDE_EDITED_DOCUMENTS", "300"))
"""Documents for each encoding, with up to six edits each."""
ENCODINGS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
"""LSP's name → Python's codec and the bytes of one unit."""

ALPHABET = ["a", "b", " ", "\t", "\n", "\r", "\r\n", "é", "e\u0301", "你", "🙂", "👩\u200d💻"]
ALPHABET += ["\f", "\v", "\x1c", "\x85", "\u2028", "\u2029", "\0", "\ufeff", "\ud83d", "\udc00"]
TEXTS = st.lists(st.sampled_from(ALPHABET), max_size=12).map("".join)
Place = tuple[int, int]
PLACES = st.tuples(st.integers(0, 9), st.integers(0, 14))


def document(text: str, encoding: str = "utf-16") -> OpenDocument:
    item = types.TextDocumentItem(uri="file:///a.py", language_id="python", version=1, text=text)
    return OpenDocument(text, PositionCodec(encoding), item)


def at(place: Place) -> types.Position:
    return types.Position(line=place[0], character=place[1])


def edit(start: Place, end: Place, text: str) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(
        range=types.Range(start=at(start), end=at(end)), text=text
    )


def whole(text: str) -> types.TextDocumentContentChangeWholeDocument:
    return types.TextDocumentContentChangeWholeDocument(text=text)


# The reference


def clean(text: str) -> str:
    """Lone surrogates cannot be written in UTF-8; each becomes a replacement character."""
    return "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)


def line_starts(text: str) -> list[int]:
    """Where lines begin: behind LF, CRLF and CR, and nowhere else."""
    starts, index = [0], 0
    while index < len(text):
        step = 2 if text[index : index + 2] == "\r\n" else 1
        if text[index] in "\r\n":
            starts.append(index + step)
        index += step
    return starts


def offset(text: str, place: Place, encoding: str) -> int | None:
    """The code point at a place; None where the place does not exist."""
    line, units = place
    starts = [*line_starts(text), len(text)]
    if line >= len(starts) - 1:
        return None
    content = text[starts[line] : starts[line + 1]]
    while content.endswith(("\r", "\n")):
        content = content[:-1]
    codec, width = ENCODINGS[encoding]
    ends = [len(content[:size].encode(codec)) // width for size in range(len(content) + 1)]
    # Inside a character means behind it.
    column = bisect.bisect_left(ends, units)
    return starts[line] + column if column <= len(content) else None


def clamped(text: str, place: Place, encoding: str) -> int:
    """LSP: a character beyond the line's end is its end; a line beyond the last is the end."""
    starts = line_starts(text)
    if place[0] >= len(starts):
        return len(text)
    line, units = place
    while (found := offset(text, (line, units), encoding)) is None:
        units -= 1
    return found


# Edits


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS, edits=st.lists(st.tuples(PLACES, PLACES, TEXTS), min_size=1, max_size=6))
@settings(max_examples=EDITED_DOCUMENTS)
@example(text="a\r", edits=[((1, 0), (1, 0), "\nb")])
@example(text="a\r\nb", edits=[((0, 1), (1, 0), "\r")])
@example(text="a\rb\nc", edits=[((1, 0), (1, 1), "")])
@example(text="", edits=[((0, 0), (9, 9), "\n")])
def test_the_text_is_what_the_editor_has(encoding, text, edits):
    ours, theirs = document(text, encoding), clean(text)
    for one, other, new in edits:
        start, end = sorted([one, other])
        first, last = clamped(theirs, start, encoding), clamped(theirs, end, encoding)
        theirs = theirs[:first] + clean(new) + theirs[last:]
        ours.apply_change(edit(start, end, new))
        assert ours.source == theirs
        starts = line_starts(theirs)
        lines = [theirs[a:b] for a, b in zip(starts, [*starts[1:], None], strict=True)]
        assert list(ours.lines) == [line for line in lines if line]


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS, place=PLACES)
@settings(max_examples=300)
@example(text="", place=(0, 0))
@example(text="a\n", place=(1, 0))
@example(text="a\n", place=(1, 1))
@example(text="a\n", place=(2, 0))
@example(text="a\r\n", place=(0, 2))
@example(text="🙂", place=(0, 1))
def test_a_position_beyond_an_end_is_that_end(encoding, text, place):
    ours, theirs = document(text, encoding), clean(text)
    lines = len(line_starts(theirs))
    if place[0] > lines:
        with pytest.raises(PositionError):
            ours.locate(at(place))
    else:
        line, column = ours.locate(at(place))
        assert line == min(place[0], lines - 1)
        assert line_starts(theirs)[line] + column == clamped(theirs, place, encoding)


@pytest.mark.parametrize("text", ["", "a", "x\n" * 3, "\ufeffé\r\n"])
def test_a_change_of_the_whole_text_replaces_it(text):
    ours = document("old\r\nlines\n")
    ours.apply_change(whole(text))
    assert ours.source == text


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a\nb", 3, "line 3 does not exist: the document has 2"),
        ("a\nb\n", 4, "line 4 does not exist: the document has 3"),
        ("", 2, "line 2 does not exist: the document has 1"),
    ],
)
def test_a_line_that_does_not_exist_is_named(text, line, message):
    with pytest.raises(PositionError) as caught:
        document(text).locate(at((line, 0)))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("encoding", "units"), [("utf-8", [0, 2, 5, 9, 10]), ("utf-16", [0, 1, 2, 4, 5])]
)
def test_columns_are_code_points_whatever_the_client_counts(encoding, units):
    ours = document("é你🙂x", encoding)
    assert [ours.locate(at((0, unit)))[1] for unit in units] == [0, 1, 2, 3, 4]


def test_a_snapshot_of_the_lines_does_not_change_with_the_document():
    ours = document("a\nb\n")
    before = ours.lines
    ours.apply_change(edit((0, 0), (1, 0), ""))
    assert tuple(before) == ("a\n", "b\n")


DELETED = edit((0, 0), (0, 1), "")
SAID = {
    "deleted": ([DELETED], (0, 0), True),
    "replaced": ([edit((0, 0), (0, 1), "x")], (0, 1), False),
    "whole": ([whole("a")], (0, 0), False),
    "a line deleted, the cursor at the next one's indent": (
        [edit((1, 0), (2, 0), "")],
        (1, 4),
        True,
    ),
    "enter twice: the blank line loses its indent": (
        [edit((1, 4), (1, 4), "\n    "), edit((1, 0), (1, 4), "")],
        (2, 4),
        False,
    ),
    "the same, the indent first": (
        [edit((1, 0), (1, 4), ""), edit((1, 0), (1, 0), "\n    ")],
        (2, 4),
        False,
    ),
    "a key, and a formatter that takes a line away above": (
        [edit((2, 1), (2, 1), "x"), edit((0, 0), (1, 0), "")],
        (1, 2),
        False,
    ),
    "imports organised elsewhere": ([edit((0, 0), (1, 0), "")], (2, 1), False),
    "a key at three cursors": ([edit((n, 1), (n, 1), "x") for n in (2, 1, 0)], (1, 2), False),
    "backspace at three cursors": ([edit((n, 0), (n, 1), "") for n in (2, 1, 0)], (1, 0), True),
    "a key at one place of the line, a deletion at another": (
        [edit((0, 3), (0, 3), "x"), edit((0, 0), (0, 1), "")],
        (0, 3),
        False,
    ),
    "a program's many changes": ([edit((0, 0), (0, 1), "")] * 100, (0, 0), False),
}


@pytest.mark.parametrize(("changes", "cursor", "deleting"), SAID.values(), ids=SAID)
def test_whether_text_was_only_removed_depends_on_the_change_at_the_cursor(
    changes, cursor, deleting
):
    workspace = opened("file:///a.py", "abc\n    \n    def\n")
    notify(workspace, 2, DELETED)
    notify(workspace, 3, *changes)
    document = workspace.opened("file:///a.py")
    assert document is not None
    assert document.deleting_at(*cursor) is deleting


def notify(workspace: DocumentWorkspace, version: int, *changes: Any) -> None:
    """One ``didChange``, as pygls hands its changes on."""
    item = types.VersionedTextDocumentIdentifier(version, "file:///a.py")
    for change in changes:
        workspace.update_text_document(item, change)


def test_a_change_of_a_document_that_is_not_open_is_ignored():
    notify(opened("file:///b.py"), 2, DELETED)


# The workspace


def opened(uri: str, text: str = "a\n") -> DocumentWorkspace:
    workspace = DocumentWorkspace(None)
    workspace.put_text_document(
        types.TextDocumentItem(uri=uri, language_id="python", version=1, text=text)
    )
    return workspace


def test_a_change_reaches_the_open_document_with_its_version():
    workspace = opened("file:///a.py")
    workspace.update_text_document(
        types.VersionedTextDocumentIdentifier(uri="file:///a.py", version=7),
        edit((0, 0), (0, 0), "b\f"),
    )
    document = workspace.opened("file:///a.py")
    assert document is not None
    assert (document.source, document.version, document.language_id) == ("b\fa\n", 7, "python")


@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "file:///c%3A/a.py", "file:///é 🙂.py"])
def test_a_document_is_found_by_its_uri(uri):
    document = opened(uri).opened(uri)
    assert document is not None
    assert document.source == "a\n"


def test_a_uri_is_the_same_however_it_is_escaped():
    assert opened("file:///c%3A/a.py").opened("file:///c:/a.py") is not None


def test_files_that_are_not_open_are_not_read(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("secret")
    workspace = opened("file:///other.py")
    assert workspace.opened(path.as_uri()) is None
    workspace.remove_text_document("file:///other.py")
    assert workspace.opened("file:///other.py") is None
