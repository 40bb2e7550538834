"""Whether an answer is in code, or in text for people, such as a comment or a string."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Final

from leanwide.context.view import View
from leanwide.syntax import language_for, lexer

_MAX_LOOK_BEHIND: Final = 100_000
"""Code points before the cursor that are scanned: about 10 ms."""
_COMMENT_LINE: Final = re.compile(r"\s*(?://|/\*|\*|#|--|;|%|'|\"|!)")
"""The beginning of a comment line, in languages without a grammar."""
_LONG_MARKS: Final = (('"""', '"""'), ("'''", "'''"), ("/*", "*/"), ("{-", "-}"))
"""Start and end of strings and comments of several lines, in languages without a grammar."""

InCode = Callable[[str], bool]
"""Tells whether what follows the beginning of an answer is in code."""


def code_around(view: View) -> InCode:
    """Return a function that tells which parts of an answer at the view's cursor are in code."""
    language, before = language_for(view.language_id, view.path), _before(view)
    if language is None:
        return lambda answer: _looks_like_code(before, view.line_before, answer)
    around = ""  # the comment or string that the text ends in
    if lexer.state_at_end(language, before) != "code":
        *_, last = lexer.scan(language, before)
        around = before[last.start :]
    return lambda answer: lexer.state_at_end(language, around + answer) == "code"


def _before(view: View) -> str:
    """Return the text before the cursor, from the beginning of a line."""
    kept, size = deque([view.line_before]), len(view.line_before)
    for line in reversed(view.lines[: view.line]):
        size += len(line)
        if size > _MAX_LOOK_BEHIND:
            break
        kept.appendleft(line)
    return "".join(kept)


def _looks_like_code(before: str, line: str, answer: str) -> bool:
    if "\n" not in answer and _COMMENT_LINE.match(line):
        return False
    text = before + answer
    return not any(_is_open(text, *marks) for marks in _LONG_MARKS)


def _is_open(text: str, start: str, end: str) -> bool:
    if start == end:
        return text.count(start) % 2 == 1
    return text.rfind(start) > text.rfind(end)
