"""An answer does not say what stands there already: after the cursor, or in a related file."""

from __future__ import annotations

from typing import Final

from leanwide.context.view import View
from leanwide.postprocess.filter_context import FilterContext
from leanwide.postprocess.nesting import open_at_end

_LINES_COMPARED: Final = 12
"""Lines after the cursor that an answer is compared with."""
_MIN_DISTINCT: Final = 6
"""Letters and digits that do not stand in two places by chance: ``end`` and ``break`` do."""
_MIN_OVERLAP: Final = 3
"""Letters and digits that an answer's end and the rest of the line must share."""
_BRACKETS: Final = frozenset("()[]{}\"'`")
_MIN_ECHO: Final = 24
"""A shorter text may well stand in two places."""


def without_rest_of_line(text: str, setting: FilterContext) -> str:
    """Drop from a single line's end what the rest of the cursor's line begins with."""
    rest, said = setting.view.line_after.strip(), text.rstrip()
    if "\n" in text:
        return text
    if len(said) > 1 and rest.startswith(said):
        return ""
    for size in range(min(len(rest), len(said)), 0, -1):
        shared = rest[:size]
        if said.endswith(shared) and (_weight(shared) >= _MIN_OVERLAP or _is_whole(shared, rest)):
            return said[:-size]
    return text


def without_following_lines(text: str, setting: FilterContext) -> str:
    """Cut the answer where it begins to repeat the lines after the cursor."""
    following = _following(setting.view)
    if not following:
        return text
    first, *more = text.split("\n")
    lines = [setting.view.line_before + first, *more]
    start = 0
    for at, line in enumerate(lines):
        end = start + len(line) - (len(setting.view.line_before) if at == 0 else 0)
        same = line.strip() == following[0].strip()
        if same and _repeat(lines[at:], following) and not _closes_own(text, start, end):
            return text[: max(0, start - 1)]
        start = end + 1
    return text


def may_repeat(beginning: str, view: View) -> bool:
    """Whether the beginning of an answer may become the line that follows the cursor's."""
    following = _following(view)
    line = (view.line_before + beginning).strip()
    if not following or "\n" in line or _weight(line) < _MIN_DISTINCT:
        return False
    return following[0].strip().startswith(line)


def without_echo(text: str, setting: FilterContext) -> str:
    """Say nothing where the answer is a piece of a related snippet."""
    letters = " ".join(text.split())
    if len(letters) < _MIN_ECHO or "\n" not in text.strip():
        return text
    echoed = any(letters in " ".join(snippet.split()) for snippet in setting.snippets)
    return "" if echoed else text


def _following(view: View) -> list[str]:
    """The lines after the cursor's that show something."""
    below = view.lines[view.line + 1 : view.line + 1 + _LINES_COMPARED]
    return [line.rstrip() for line in below if line.strip()]


def _repeat(said: list[str], following: list[str]) -> bool:
    """Whether lines of the answer, to its end, are the lines that follow.

    Lines with little in them, such as ``}`` or ``end``, close something else at another
    indentation.
    """
    shown = [line.rstrip() for line in said if line.strip()]
    pairs = list(zip(shown, following, strict=False))
    *whole, (last, right) = pairs
    if any(one.strip() != other.strip() for one, other in whole):
        return False
    if not right.strip().startswith(last.strip()):
        return False
    to_its_end = len(shown) <= len(following)
    if to_its_end and sum(_weight(one) for one in shown) >= _MIN_DISTINCT:
        return True
    return right.startswith(last) and all(one == other for one, other in whole)


def _closes_own(text: str, start: int, end: int) -> bool:
    """Whether the line from ``start`` to ``end`` closes what the answer opened before it."""
    return len(open_at_end(text[:end])) < len(open_at_end(text[:start]))


def _is_whole(shared: str, rest: str) -> bool:
    """Whether it is all of the rest, an operator or the like: brackets have their own filter."""
    return shared == rest and len(rest) > 1 and not set(rest) & _BRACKETS


def _weight(text: str) -> int:
    return sum(character.isalnum() for character in text)
