"""Filters for answers that repeat the text after the cursor, or a related snippet."""

from __future__ import annotations

from typing import Final

from leanwide.context.view import View
from leanwide.postprocess.filter_context import FilterContext
from leanwide.postprocess.nesting import open_at_end
from leanwide.postprocess.overlap import overlap

_LINES_COMPARED: Final = 12
"""Lines after the cursor that an answer is compared with."""
_MIN_DISTINCT: Final = 6
"""Letters and digits that are rarely the same in two places; ``end`` and ``break`` often are."""
_MIN_OVERLAP: Final = 3
"""Letters and digits that the answer's end has to share with the rest of the line."""
_BRACKETS: Final = frozenset("()[]{}\"'`")
_MIN_ECHO: Final = 24
"""Characters of an echo; a shorter text may well occur in two places."""


def without_rest_of_line(text: str, context: FilterContext) -> str:
    """Drop from the end of a single line what the rest of the cursor's line begins with."""
    rest, said = context.view.line_after.strip(), text.rstrip()
    if "\n" in text or not rest:
        return text
    if len(said) > 1 and rest.startswith(said):
        return ""
    shared = rest[: overlap(said, rest)]
    # Also all of the rest, such as an operator; brackets have their own filters.
    is_whole = shared == rest and len(rest) > 1 and not set(rest) & _BRACKETS
    if is_whole or _weight(shared) >= _MIN_OVERLAP:
        return said.removesuffix(shared)
    return text


def without_following_lines(text: str, context: FilterContext) -> str:
    """Cut the answer where it begins to repeat the lines after the cursor."""
    following = _following(context.view)
    return _cut_at_following(text, context.view, following) if following else text


def _cut_at_following(text: str, view: View, following: list[str]) -> str:
    first, *more = text.split("\n")
    lines = [view.line_before + first, *more]
    start = 0
    for at, line in enumerate(lines):
        end = start + len(line) - (len(view.line_before) if at == 0 else 0)
        same = line.strip() == following[0].strip()
        if same and _repeat(lines[at:], following) and not _closes_own(text, start, end):
            return text[: max(0, start - 1)]
        start = end + 1
    return text


def may_repeat(beginning: str, view: View) -> bool:
    """Whether the beginning of an answer may become the line below the cursor."""
    following = _following(view)
    line = (view.line_before + beginning).strip()
    if not following or "\n" in line or _weight(line) < _MIN_DISTINCT:
        return False
    return following[0].strip().startswith(line)


def repeated_line(text: str, view: View) -> str:
    """Return an answer's first line, if it and all after it only repeat the lines below the cursor.

    "" for every other answer.
    """
    following, said = _following(view), text.split("\n", 1)[0].rstrip()
    if not said or not following or _cut_at_following(text, view, following):
        return ""
    return said


def without_echo(text: str, context: FilterContext) -> str:
    """Drop an answer of several lines that is a piece of a related snippet."""
    letters = " ".join(text.split())
    if len(letters) < _MIN_ECHO or "\n" not in text.strip():
        return text
    echoed = any(letters in " ".join(snippet.split()) for snippet in context.snippets)
    return "" if echoed else text


def _following(view: View) -> list[str]:
    """Return the lines below the cursor that are not blank."""
    below = view.lines[view.line + 1 : view.line + 1 + _LINES_COMPARED]
    return [line.rstrip() for line in below if line.strip()]


def _repeat(answer: list[str], following: list[str]) -> bool:
    """Whether the last lines of an answer are the lines below the cursor.

    Short lines, such as ``}`` or ``end``, have to be indented alike too, for at another
    indentation they close something else.
    """
    shown = [line.rstrip() for line in answer if line.strip()]
    pairs = list(zip(shown, following, strict=False))
    *whole, (last, right) = pairs
    if any(mine.strip() != other.strip() for mine, other in whole):
        return False
    if not right.strip().startswith(last.strip()):
        return False
    to_its_end = len(shown) <= len(following)
    if to_its_end and sum(map(_weight, shown)) >= _MIN_DISTINCT:
        return True
    return right.startswith(last) and all(mine == other for mine, other in whole)


def _closes_own(text: str, start: int, end: int) -> bool:
    """Whether the line from ``start`` to ``end`` closes what the answer opened before it."""
    return len(open_at_end(text[:end])) < len(open_at_end(text[:start]))


def _weight(text: str) -> int:
    return sum(character.isalnum() for character in text)
