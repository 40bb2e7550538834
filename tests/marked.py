"""Documents as texts with a cursor mark."""

from __future__ import annotations

from leanwide.context.view import View, split_lines

MARK = "‸"


def split_at_mark(marked: str) -> tuple[str, str]:
    """Return the texts left and right of the mark."""
    before, mark, after = marked.partition(MARK)
    assert mark, marked
    return before, after


def view_of(marked: str, language: str = "python", path: str = "/project/file") -> View:
    """Return a document with the cursor at the mark."""
    return view_at(*split_at_mark(marked), language, path)


def view_at(before: str, after: str, language: str = "python", path: str = "/project/file") -> View:
    """Return a document with the cursor between two texts."""
    *above, last = split_lines(before + "\0")
    return View(
        uri=f"file://{path}",
        path=path,
        language_id=language,
        version=1,
        lines=tuple(split_lines(before + after)),
        line=len(above),
        column=len(last) - 1,
    )
