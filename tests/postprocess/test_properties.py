"""Properties of the filters, for every answer and every place."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from leanwide.context.view import with_lf
from leanwide.postprocess.filter_context import FilterContext
from leanwide.postprocess.filters import FILTERS, postprocess, until_stable
from leanwide.postprocess.partial import whole_lines
from tests.marked import MARK, view_of

PIECES = st.sampled_from(
    [
        *"()[]{}<>\"'`;:,.\\ \t",
        "\n",
        "\r\n",
        "    ",
        "f(x)",
        "name",
        "return x",
        '"""',
        "```",
        "```python\n",
        "<think>",
        "</think>",
        "<|im_end|>",
        "<|",
        "0, ",
        "é",
        "\U0001f389",
        "\x0c",
        "=====",
        "end",
        " * ",
        '("',
        "# ",
        " x",
        "/**",
    ]
)
TEXTS = st.lists(PIECES, max_size=24).map("".join)
FEW = st.lists(PIECES, max_size=4).map("".join)
LANGUAGES = st.sampled_from(["python", "typescriptreact", "rust", "html", "markdown", "kotlin", ""])
CLOSER = {"(": ")", "[": "]", "{": "}"}
BRACKETS = st.text("()[]{}ab \n,", max_size=20)
BALANCED = st.recursive(
    st.sampled_from(["", "a", "b1", ", ", "\n", "x "]),
    lambda inner: st.tuples(inner, st.sampled_from(["()", "[]", "{}"]), inner).map(
        lambda parts: parts[1][0] + parts[0] + parts[1][1] + parts[2]
    ),
)
OPENING = st.sampled_from(["f(", "f(g(", "x[f(", "{a: [", "(", "[[{"])


def setting(before: str, after: str, language: str = "python") -> FilterContext:
    markers = ("<think>", "</think>", "<|im_end|>")
    return FilterContext(view_of(before + MARK + after, language), (before + after,), markers)


@settings(deadline=None, max_examples=400)
@given(TEXTS, TEXTS, TEXTS, LANGUAGES)
def test_filters_never_raise_and_are_stable(before: str, says: str, after: str, language: str):
    place = setting(before, after, language)
    shown = postprocess(says, place)
    assert postprocess(shown, place) == shown


@settings(deadline=None, max_examples=400)
@given(TEXTS, TEXTS, TEXTS, LANGUAGES)
def test_filters_only_drop_characters(before: str, says: str, after: str, language: str):
    shown = postprocess(says, setting(before, after, language))
    rest = iter(says)
    assert all(character in rest for character in shown if character not in "\r\n")


@settings(deadline=None, max_examples=1500)
@given(FEW, FEW, FEW, LANGUAGES)
def test_a_filter_takes_any_text_and_is_skipped_only_where_it_changes_nothing(
    before: str, says: str, after: str, language: str
):
    place = setting(before, after, language)
    for step in FILTERS:
        answer, filtered = None, with_lf(says)
        while filtered != answer:
            answer, filtered = filtered, step.apply(filtered, place)
        assert until_stable(says, place, (step,)) == filtered


def odd(text: str) -> tuple[int, int]:
    """Closing brackets that close nothing, and opening ones that nothing closes."""
    opened: list[str] = []
    extra = 0
    for mark in text:
        if mark in "([{":
            opened.append(mark)
        elif mark in ")]}":
            if opened and opened[-1] + mark in ("()", "[]", "{}"):
                opened.pop()
            else:
                extra += 1
    return extra, len(opened)


@settings(deadline=None)
@given(BRACKETS, BALANCED, BRACKETS)
def test_a_balanced_answer_adds_no_extra_closer(before: str, says: str, after: str):
    assert odd(postprocess(says, setting(before, after)))[0] == 0


@settings(deadline=None)
@given(OPENING, BALANCED, st.text(")]}ab ", max_size=6))
def test_what_the_editor_closed_is_never_closed_twice(before: str, says: str, more: str):
    """The line is balanced with what the editor added, and stays so, whatever else is closed."""
    after = "".join(CLOSER[mark] for mark in reversed(before) if mark in CLOSER)
    answer = says.replace("\n", "") + more
    shown = postprocess(answer, setting(before, after))
    assert odd(before + shown + after)[0] == 0


@given(TEXTS)
def test_whole_lines_are_a_prefix(text: str):
    kept = whole_lines(text)
    assert text.startswith(kept)
    assert bool(kept.strip()) == bool(text.strip())
