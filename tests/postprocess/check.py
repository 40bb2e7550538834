"""Check what the filters make of an answer."""

from __future__ import annotations

from leanwide.postprocess.filter_context import FilterContext
from leanwide.postprocess.filters import postprocess
from tests.marked import view_of


def check(
    marked: str,
    says: str,
    expected: str,
    language: str = "python",
    path: str = "/project/file",
    snippets: tuple[str, ...] = (),
    markers: tuple[str, ...] = (),
) -> None:
    """Check that ``says``, an answer at the mark, becomes ``expected`` and then stays so."""
    context = FilterContext(view_of(marked, language, path), snippets, markers)
    shown = postprocess(says, context)
    assert shown == expected
    assert postprocess(shown, context) == shown
