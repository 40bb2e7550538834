"""A document as one request sees it: an immutable snapshot with a cursor position."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

from attrs import evolve, frozen

from leanwide.syntax import split

_CLOSERS: Final = frozenset(")]}>\"'`;,: \t")
"""Characters that an editor inserts by itself or that end a line: no reason for a short answer."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MAX_TYPED_LINES: Final = 200
"""Lines that a user may type between two requests."""


def split_lines(text: str) -> list[str]:
    """Return the lines of ``text``, split at LF, CRLF and CR as editors do, with their endings.

    Python's own ``splitlines`` also splits at form feeds and other separators, which are plain
    characters to an editor. A lone surrogate becomes U+FFFD, as it does in UTF-8.
    """
    return split(_SURROGATE.sub("\ufffd", text))


@frozen(kw_only=True)
class Snapshot:
    """A document at one moment."""

    uri: str
    path: str
    """File-system path, or the URI's path for documents that are not files."""
    language_id: str
    version: int
    lines: tuple[str, ...]
    """With their line endings: LF, CRLF or CR."""

    @property
    def newline(self) -> str:
        """The line ending of the first line; LF where there is none."""
        first = self.lines[0] if self.lines else ""
        return first[len(first.rstrip("\r\n")) :] or "\n"

    def at(self, line: int, column: int) -> View:
        """Return the document with a cursor. Line and column count from 0, in code points."""
        return View(
            uri=self.uri,
            path=self.path,
            language_id=self.language_id,
            version=self.version,
            lines=self.lines,
            line=line,
            column=column,
        )


@frozen(kw_only=True)
class View(Snapshot):
    """A snapshot with a cursor. Lines and columns count from 0, columns in code points."""

    line: int
    column: int
    deleting: bool = False
    """Whether the newest change only removed text."""

    @cached_property
    def current_line(self) -> str:
        """The cursor's line without its ending."""
        return self.lines[self.line].rstrip("\r\n") if self.line < len(self.lines) else ""

    @cached_property
    def line_before(self) -> str:
        """The text left of the cursor on its line."""
        return self.current_line[: self.column]

    @cached_property
    def line_after(self) -> str:
        """The text right of the cursor on its line."""
        return self.current_line[self.column :]

    @cached_property
    def line_ending(self) -> str:
        """The ending of the cursor's line; "" on the last line, which has none."""
        line = self.lines[self.line] if self.line < len(self.lines) else ""
        return line[len(line.rstrip("\r\n")) :]

    @cached_property
    def lines_below(self) -> int:
        """The number of lines after the cursor's, which has no entry while it is last and empty."""
        return max(0, len(self.lines) - self.line - 1)

    @cached_property
    def has_text_after(self) -> bool:
        """Whether characters other than closing ones are right of the cursor."""
        return not set(self.line_after) <= _CLOSERS

    def with_replaced(self, start: int, end: int, text: str) -> View:
        """Return the document with ``text`` from column ``start`` to ``end`` of the cursor's line.

        The cursor is after the text.
        """
        line = self.current_line[:start] + self.current_line[end:] + self.line_ending
        lines = (*self.lines[: self.line], *([line] if line else []), *self.lines[self.line + 1 :])
        return evolve(self, lines=lines, column=start).with_inserted(with_lf(text))

    def with_inserted(self, text: str) -> View:
        """Return the document with ``text``, which has LF endings, inserted at the cursor."""
        inserted = self.line_before + text.replace("\n", self.newline)
        new = split_lines(inserted + "|")  # the mark keeps an empty last line
        last = new[-1].removesuffix("|")
        rest = last + self.line_after + self.line_ending
        lines = (
            *self.lines[: self.line],
            *new[:-1],
            *((rest,) if rest else ()),
            *self.lines[self.line + 1 :],
        )
        return evolve(
            self, lines=lines, line=self.line + len(new) - 1, column=len(last), deleting=False
        )


def typed_since(then: View, now: View) -> str | None:
    """Return the text that was typed at the cursor between two views, with LF endings.

    None where anything else changed: the document, text before or after the cursor, or text that
    was deleted.
    """
    typed = text_between(then, now)
    return typed if typed is not None and same_around(then, now) else None


def text_between(then: View, now: View) -> str | None:
    """Return the text from one view's cursor to a later one's, with LF endings.

    None where that is not all that was typed. Cheap, because it does not compare the text around:
    :func:`same_around` does.
    """
    if then.uri != now.uri or not 0 <= now.line - then.line <= _MAX_TYPED_LINES:
        return None
    if now.lines_below != then.lines_below:
        return None
    text = "".join(now.lines[then.line : now.line]) + now.line_before
    before = then.line_before
    return with_lf(text[len(before) :]) if text.startswith(before) else None


def same_around(then: View, now: View) -> bool:
    """Whether the texts before the first view's cursor and after the second's are the same."""
    return (
        now.line_after == then.line_after
        and now.line_ending == then.line_ending
        and now.lines[: then.line] == then.lines[: then.line]
        and now.lines[now.line + 1 :] == then.lines[then.line + 1 :]
    )


def with_lf(text: str) -> str:
    """Return ``text`` with LF line endings."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
