"""Whatever an answer repeats of its file: the final edit holds what was shown of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leanwide.features.edit.length_guard import LEAST_SHARE
from leanwide.features.edit.rewrite import rewritten, settled_rewriting
from leanwide.features.refusal import Refusal
from tests.features.edit.whole_files import FILES, WholeFile, changed


def beginnings(answer: str) -> Iterator[str]:
    """The answer cut behind each of its lines."""
    lines = answer.splitlines(keepends=True)
    return ("".join(lines[:end]) for end in range(1, len(lines) + 1))


@settings(max_examples=60)
@given(st.sampled_from(FILES), st.data())
def test_the_final_edit_holds_what_streams_of_a_rewrite(file: WholeFile, data) -> None:
    text = data.draw(st.sampled_from(list(file.passages())))
    answer = data.draw(st.sampled_from(list(file.answers(text))))
    resolved = file.selected(text)
    try:
        whole = rewritten(resolved, LEAST_SHARE, answer).edits
    except Refusal:
        return
    for code in beginnings(answer):
        assert set(settled_rewriting(resolved, code)) <= set(whole)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.language)
def test_the_selected_lines_alone_stream(file: WholeFile) -> None:
    lists = [
        settled_rewriting(file.selected(file.two), code) for code in beginnings(changed(file.two))
    ]
    assert any(lists)
