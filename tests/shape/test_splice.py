"""Lines in the place of others: nothing else changes."""

from hypothesis import given
from hypothesis import strategies as st

from leanwide.shape.splice import applied, line_start, replacement
from leanwide.syntax import Edit, Position, split

ENDINGS = st.sampled_from(["\n", "\r\n", "\r"])
WORDS = st.sampled_from(["", "a", "b", "  c", "😀 d"])


@st.composite
def documents(draw: st.DrawFn) -> tuple[list[str], tuple[int, int], str]:
    """A document, some of its lines, and its line ending."""
    newline = draw(ENDINGS)
    words = draw(st.lists(WORDS, min_size=1, max_size=8))
    last = draw(st.sampled_from(["", newline]))
    lines = split(newline.join(words) + last) or ["x"]
    first = draw(st.integers(0, len(lines) - 1))
    return lines, (first, draw(st.integers(first + 1, len(lines)))), newline


@given(documents(), st.lists(WORDS, min_size=1, max_size=8))
def test_only_the_lines_asked_for_change(
    document: tuple[list[str], tuple[int, int], str], new: list[str]
) -> None:
    lines, (first, last), newline = document
    edit = replacement(lines, (first, last), new, newline)
    ending = lines[last - 1][len(lines[last - 1].rstrip("\r\n")) :]
    wanted = newline.join(new) + ending
    text = "".join((*lines[:first], wanted, *lines[last:]))
    assert "".join(applied(lines, (edit,) if edit else ())) == text
    if edit is not None:
        assert line_start(lines, first) <= edit.start <= edit.end <= line_start(lines, last)


def test_the_edit_is_the_smallest_run_of_lines() -> None:
    edit = replacement(["a\n", "b\n", "c\n"], (0, 3), ["a", "x", "y", "c"], "\n")
    assert edit == Edit(Position(1, 0), Position(2, 0), "x\ny\n")


def test_the_same_lines_are_no_edit() -> None:
    assert replacement(["a\r\n", "b"], (0, 2), ["a", "b"], "\r\n") is None
