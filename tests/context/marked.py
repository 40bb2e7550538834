"""Makes views of source texts with a cursor mark."""

from __future__ import annotations

from leanwide.context.view import View, split_lines

MARK = "‸"


def view_of(marked: str, language: str = "python", uri: str = "file:///project/file.py") -> View:
    """Return a view of a text without its mark, with the cursor at the mark."""
    before, mark, after = marked.partition(MARK)
    assert mark, marked
    return view_at(before, after, language, uri)


def view_at(
    before: str, after: str, language: str = "python", uri: str = "file:///project/file.py"
) -> View:
    """Return a view with the cursor between two texts."""
    *above, last = split_lines(before + "\0")
    return View(
        uri=uri,
        path="/project/file.py",
        language_id=language,
        version=1,
        lines=tuple(split_lines(before + after)),
        line=len(above),
        column=len(last) - 1,
    )
