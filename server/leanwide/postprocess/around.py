"""What an answer stands in: code, or text that people read, as in a comment or a string."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Final

from leanwide.context.view import View
from leanwide.syntax import Language, language_for, lexer

_MAX_LOOK_BEHIND: Final = 100_000
"""Code points before the cursor that are read: about 10 ms for the scanner."""
_COMMENT_LINE: Final = re.compile(r"\s*(?://|/\*|\*|#|--|;|%|'|\"|!)")
"""The beginning of a comment's line, in languages without a grammar."""
_LONG_MARKS: Final = (('"""', '"""'), ("'''", "'''"), ("/*", "*/"), ("{-", "-}"))
"""What begins and ends strings and comments of several lines there."""

InCode = Callable[[str], bool]
"""Whether what follows the beginning of an answer stands in code."""


def code_around(view: View) -> InCode:
    """Return what tells where in an answer at a view's cursor code stands."""
    language, before = language_for(view.language_id, view.path), _before(view)
    if language is None:
        return lambda said: _looks_like_code(before, view.line_before, said)
    around = _open_text(language, before)
    return lambda said: lexer.state(language, around + said) == "code"


def _before(view: View) -> str:
    """The text before the cursor, from the beginning of a line on."""
    kept, size = deque([view.line_before]), len(view.line_before)
    for line in reversed(view.lines[: view.line]):
        size += len(line)
        if size > _MAX_LOOK_BEHIND:
            break
        kept.appendleft(line)
    return "".join(kept)


def _open_text(language: Language, before: str) -> str:
    """The comment or string that a text ends in; "" where that is code."""
    if lexer.state(language, before) == "code":
        return ""
    *_, last = lexer.scan(language, before)
    return before[last.start :]


def _looks_like_code(before: str, line: str, said: str) -> bool:
    if "\n" not in said and _COMMENT_LINE.match(line):
        return False
    text = before + said
    return not any(_is_open(text, *marks) for marks in _LONG_MARKS)


def _is_open(text: str, start: str, end: str) -> bool:
    if start == end:
        return text.count(start) % 2 == 1
    return text.rfind(start) > text.rfind(end)
