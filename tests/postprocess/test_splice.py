"""Replacing lines: nothing else changes."""

from hypothesis import given
from hypothesis import strategies as st

from leanwide.postprocess.splice import applied, line_start, replacements, settled_replacements
from leanwide.syntax import split

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
    edits = replacements(lines, (first, last), new, newline)
    ending = lines[last - 1][len(lines[last - 1].rstrip("\r\n")) :]
    wanted = newline.join(new) + ending
    text = "".join((*lines[:first], wanted, *lines[last:]))
    assert "".join(applied(lines, edits)) == text
    places = [line_start(lines, first)]
    for edit in edits:
        assert edit.start <= edit.end
        assert places[-1] <= edit.start
        places += [edit.end]
    assert places[-1] <= line_start(lines, last)


def edits(old: str, new: str) -> list[tuple[int, int, str]]:
    """What a change of words into others is, a line a word: rows and new lines."""
    found = replacements([f"{word}\n" for word in old], (0, len(old)), list(new), "\n")
    return [(edit.start.line, edit.end.line, edit.text.replace("\n", "")) for edit in found]


def test_each_run_of_lines_that_differs_is_an_edit_of_its_own() -> None:
    assert edits("abc", "axyc") == [(1, 2, "xy")]
    assert edits("abcdef", "axcdf") == [(1, 2, "x"), (4, 5, "")]


def test_blank_lines_do_not_separate_two_edits() -> None:
    assert edits("ab cd", "ax yd") == [(1, 4, "x y")]


def test_the_same_lines_are_no_edit() -> None:
    assert replacements(["a\r\n", "b"], (0, 2), ["a", "b"], "\r\n") == ()


@given(st.data(), st.lists(st.sampled_from("abcdef "), min_size=1, max_size=30))
def test_what_is_settled_is_how_the_edits_begin(data: st.DataObject, old: list[str]) -> None:
    kept = data.draw(st.lists(st.sampled_from([*old, "x"]), min_size=1, max_size=30))
    start = data.draw(st.integers(0, len(old) - 1))
    new = [*kept, *old[start:]]
    lines = [f"{line.strip()}\n" for line in old]
    words = [word.strip() for word in new]
    whole = replacements(lines, (0, len(lines)), words, "\n")
    for end in range(len(words) + 1):
        settled = settled_replacements(lines, (0, len(lines)), words[:end], "\n")
        assert settled == whole[: len(settled)]


def test_a_difference_is_settled_when_equal_lines_follow_it() -> None:
    lines = [f"{word}\n" for word in "abcdef"]
    assert settled_replacements(lines, (0, 6), "axcd", "\n") == ()
    assert settled_replacements(lines, (0, 6), "axcde", "\n") == replacements(
        lines, (0, 6), "axcdef", "\n"
    )


def test_lines_that_seem_to_vanish_may_still_come() -> None:
    lines = [f"{word}\n" for word in "abcdefgh"]
    assert settled_replacements(lines, (0, 8), "efghab"[:5], "\n") == ()
    assert settled_replacements(lines, (0, 8), "efghabc", "\n")[0].start.line == 0
