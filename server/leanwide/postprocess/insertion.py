"""Put code on a blank line: indented as its place is, with the blank lines that it wants."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from leanwide.postprocess.indent import indentation
from leanwide.postprocess.splice import line_start
from leanwide.syntax import Edit, Language, content, definitions, parse

_CLOSER: Final = re.compile(r"\s*(?:[)\]}]|(?:end|fi|done|esac|else|elif|elsif|except|finally)\b)")
"""A line that ends a block, or continues it on the level of its head."""
_OPENER: Final = re.compile(r".*[({\[]\s*$")
_INDENTED_OPENER: Final = re.compile(r".*:\s*$")
"""The same in a language whose blocks are indented."""


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
    lines: Sequence[str], line: int, code: Sequence[str], newline: str, language: Language | None
) -> Edit:
    """Return the edit that puts code on a blank line, or at the document's end.

    Blank lines around are kept. Where a definition has fewer than its language wants, they are
    added: two at the top level of a language whose blocks are indented, else one.

    Args:
        lines: The document's lines, with their endings.
        line: The blank line; the number of lines at the document's end.
        code: The code's lines, without endings; at least one.
        newline: What ends a line.
        language: The document's language; None where there is no grammar for it.
    """
    above, below = _filled_above(lines, line), _filled_below(lines, line)
    wanted = _blanks_wanted(code, language)
    margin = len(_lead(code[0]))
    before = after = 0
    if above is not None and len(_lead(lines[above])) >= margin:
        before = max(0, wanted - (line - 1 - above))
    if below is not None and not _CLOSER.match(lines[below]):
        after = max(0, wanted - (below - line - 1))
    text = newline * before + "".join(f"{row}{newline}" for row in code) + newline * after
    return Edit(line_start(lines, line), line_start(lines, line + 1), text)


def _blanks_wanted(code: Sequence[str], language: Language | None) -> int:
    """Return the blank lines that separate code from what stands around it; none in data."""
    if language is None or (language.indented and not language.containers):
        return 0
    tree = parse(language, [f"{row}\n" for row in code])
    if not any(
        found.start.line < len(code) and found.parent is None for found in definitions(tree)
    ):
        return 0
    return 2 if language.indented and not _lead(code[0]) else 1


def _opens(line: str, language: Language | None) -> bool:
    text = content(line)
    if _OPENER.fullmatch(text):
        return True
    indented = language is not None and language.indented
    return indented and _INDENTED_OPENER.fullmatch(text) is not None


def _filled_above(lines: Sequence[str], line: int) -> int | None:
    return next((row for row in range(line - 1, -1, -1) if lines[row].strip()), None)


def _filled_below(lines: Sequence[str], line: int) -> int | None:
    return next((row for row in range(line, len(lines)) if lines[row].strip()), None)


def _lead(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]
