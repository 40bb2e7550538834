"""Put code on a blank line: indented as its place is, with the blank lines that it wants."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from leanwide.postprocess.indent import indentation
from leanwide.postprocess.splice import line_start
from leanwide.syntax import Edit, Language, content, definitions, parse

_CLOSER: Final = re.compile(
    r"\s*(?:[)\]}]|</|(?:end|fi|done|esac|else|elif|elsif|except|finally)\b)"
)
"""A line that ends a block, or continues it on the level of its head."""
_OPENER: Final = re.compile(r".*[({\[]\s*$")
_INDENTED_OPENER: Final = re.compile(r".*:\s*$")
"""The same in a language whose blocks are indented."""
_UNPARTED: Final = frozenset({"element", "key"})
"""Kinds of definitions that follow each other without blank lines."""
_FENCE: Final = re.compile(r"\s*(?:```|~~~)")
_ITEM: Final = re.compile(
    r"\s*(?:(?P<list>(?:[-*+]|\d+[.)])\s)|(?P<table>\|)|(?P<quote>>)"
    r"|(?P<trailer>[A-Z]\w*-[\w-]+: ))"
)
"""The beginning of a line of Markdown, or of a commit message, that is one of several."""


def margin_at(lines: Sequence[str], line: int, language: Language | None) -> str:
    """Return the white space before code that is written on a blank line.

    What stands on the line already says where the code belongs; else the lines around do: inside a
    block its level, between definitions theirs, at the end of a document none.
    """
    if line < len(lines) and (own := content(lines[line])):
        return own
    above, below = _filled_above(lines, line), _filled_below(lines, line)
    before = _lead(lines[above]) if above is not None else ""
    after = _lead(lines[below]) if below is not None else ""
    inner = before + indentation(lines).unit
    if below is not None and len(after) > len(before):
        return after
    if above is not None and _opens(lines[above], language):
        return inner
    if below is not None and _CLOSER.match(lines[below]):
        return before if len(after) < len(before) else inner
    return after


def insertion(
    lines: Sequence[str], line: int, code: Sequence[str], newline: str, blanks: tuple[int, int]
) -> Edit:
    """Return the edit that puts code on a blank line, or at the document's end.

    Blank lines around are kept.

    Args:
        lines: The document's lines, with their endings.
        line: The blank line; the number of lines at the document's end.
        code: The code's lines, without endings; at least one.
        newline: What ends a line.
        blanks: Blank lines above and below the code; where there are fewer, they are added.
    """
    above, below = _filled_above(lines, line), _filled_below(lines, line)
    margin = len(_lead(code[0]))
    before = after = 0
    if above is not None and len(_lead(lines[above])) >= margin:
        before = max(0, blanks[0] - (line - 1 - above))
    if below is not None and not _CLOSER.match(lines[below]):
        after = max(0, blanks[1] - (below - line - 1))
    text = newline * before + "".join(f"{row}{newline}" for row in code) + newline * after
    return Edit(line_start(lines, line), line_start(lines, line + 1), text)


def blanks_around_code(
    lines: Sequence[str], line: int, code: Sequence[str], language: Language | None
) -> tuple[int, int]:
    """Return the blank lines that separate code on a line from what is above and below.

    A definition has two at the top level of a language whose blocks are indented, else one; keys
    and elements have none.
    """
    if language is None:
        return 0, 0
    rows = [f"{row}\n" for row in code]
    tree = parse(language, [*lines[:line], *rows, *lines[line + 1 :]])
    new = range(line, line + len(rows))
    if not any(
        found.start.line in new
        and (found.parent is None or found.parent.start.line not in new)
        and found.kind not in _UNPARTED
        for found in definitions(tree)
    ):
        return 0, 0
    wanted = 2 if language.blocks == "indent" and not _lead(code[0]) else 1
    return wanted, wanted


def blanks_around_prose(lines: Sequence[str], line: int, rows: Sequence[str]) -> tuple[int, int]:
    """Return the blank lines that separate a text on a line from what is above and below.

    One, except for items of a list, rows of a table and the like next to others, and in a block of
    code.
    """
    if sum(_FENCE.match(row) is not None for row in lines[:line]) % 2:
        return 0, 0
    above, below = _filled_above(lines, line), _filled_below(lines, line)
    before = above is None or not _go_on(lines[above], rows[0])
    after = below is None or not _go_on(rows[-1], lines[below])
    return int(before), int(after)


def _go_on(first: str, second: str) -> bool:
    """Whether two lines are of a list, a table or the like, so that no blank line parts them."""
    kind = _item_kind(first)
    return kind != "" and kind == _item_kind(second)


def _item_kind(row: str) -> str:
    """Return which kind of lines a line is one of; "" of a paragraph."""
    found = _ITEM.match(row)
    return "" if found is None else found.lastgroup or ""


def _opens(line: str, language: Language | None) -> bool:
    text = content(line)
    if _OPENER.fullmatch(text):
        return True
    indented = language is not None and language.blocks == "indent"
    return indented and _INDENTED_OPENER.fullmatch(text) is not None


def _filled_above(lines: Sequence[str], line: int) -> int | None:
    return next((row for row in range(line - 1, -1, -1) if lines[row].strip()), None)


def _filled_below(lines: Sequence[str], line: int) -> int | None:
    return next((row for row in range(line, len(lines)) if lines[row].strip()), None)


def _lead(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]
