"""The one way to say what becomes of an answer."""

from __future__ import annotations

from leanwide.context.view import View, split_lines
from leanwide.postprocess.filter_context import FilterContext
from leanwide.postprocess.filters import postprocess

MARK = "‸"


def view_of(marked: str, language: str = "python", path: str = "") -> View:
    """The document that a marked text shows, with its cursor at the mark."""
    before, mark, after = marked.partition(MARK)
    assert mark, marked
    *above, last = split_lines(before + "\0")
    return View(
        uri="file:///project/file",
        path=path or "/project/file",
        language_id=language,
        version=1,
        lines=tuple(split_lines(before + after)),
        line=len(above),
        column=len(last) - 1,
    )


def check(
    marked: str,
    says: str,
    expected: str,
    language: str = "python",
    path: str = "",
    snippets: tuple[str, ...] = (),
    markers: tuple[str, ...] = (),
) -> None:
    """What the model says at the mark becomes what is expected, and stays it."""
    setting = FilterContext(view_of(marked, language, path), snippets, markers)
    shown = postprocess(says, setting)
    assert shown == expected
    assert postprocess(shown, setting) == shown
