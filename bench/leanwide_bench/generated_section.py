"""Parts of a documentation page that are written by a program, between two marks."""

from __future__ import annotations


def with_section(page: str, begin: str, end: str, text: str) -> str:
    """Return a page with ``text`` between its two marks.

    Raises:
        ValueError: The page lacks a mark, or has one twice.
    """
    before, rest = page.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{text}\n{end}{after}"
