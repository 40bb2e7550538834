"""Where a growing completion is complete.

Text is read from left to right only, so a result does not change when more text arrives.
"""

from __future__ import annotations

import re
from typing import Final

from leanwide.syntax.completion_block import block_length
from leanwide.syntax.languages import Language
from leanwide.syntax.lexer import is_fence, lexer_state, scan, without_comments
from leanwide.syntax.place import CompletionShape
from leanwide.syntax.text import split

_CLOSING_RUN: Final = re.compile(r"(?:[^\S\r\n]|[)\]}\"'`;,])*")
"""What closes, and white space, on one line."""
_FENCE: Final = re.compile(r"\s*(```|~~~)")


def completed_length(
    language: Language,
    before: str,
    completion: str,
    after: str,
    *,
    shape: CompletionShape = "block",
) -> int | None:
    """Return how many code points of ``completion`` to keep; None while it is not complete.

    ``before`` and ``after`` are the text around it, about a definition; ``before`` starts at the
    start of a line, outside strings and comments. A "line" is complete where it ends, unless a
    bracket or an operator continues it. A "block" is complete where the block opened in ``before``
    closes or, where none was just opened, after one statement with its blocks. The closing bracket
    or word is part of it unless ``after`` has it.
    """
    if shape == "line":
        return _line_length(language, before, completion, after)
    if language.blocks == "paragraphs":
        return _paragraph_length(before, completion, after)
    return block_length(language, before, completion, after)


def plain_length(completion: str, *, shape: CompletionShape) -> int | None:
    """Return the same for a text of no known language, whose blocks are paragraphs.

    A "line" that begins with a line break is a paragraph below it.
    """
    blank = completion[: len(completion) - len(completion.lstrip())]
    end = completion.find("\n" if shape == "line" and "\n" not in blank else "\n\n", len(blank))
    return end if end >= 0 else None


def _line_length(language: Language, before: str, completion: str, after: str) -> int | None:
    text, base = before + completion, len(before)
    line_start = text.rfind("\n", 0, base) + 1
    closers = _CLOSING_RUN.match(after)
    supplied = sum(map(closers[0].count, ")]}")) if closers else 0
    # A brace continues no line where it opens a block.
    continuing = {"(", "[", "{"} if language.blocks == "indent" else {"(", "["}
    above = lexer_state(language, before)
    fenced, outer = above.fenced, list(above.brackets)
    own: list[str] = []
    for token in scan(language, text, above.end):
        stack = own if token.start >= base else outer
        if token.kind == "open":
            stack.append(text[token.start])
        elif token.kind == "close":
            (own or outer or [""]).pop()
        elif token.kind == "comment":
            fenced ^= is_fence(text, token)
        elif token.kind == "newline" and token.start >= base:
            unclosed = len(_in_statement(language, outer)) > supplied
            continues = fenced or set(own) & continuing or unclosed
            if not continues and not _ends_open(language, text[line_start : token.start]):
                return len(completion[: token.start - base].rstrip())
            line_start = token.end
    return None


def _in_statement(language: Language, stack: list[str]) -> list[str]:
    """Return the open brackets that belong to the innermost statement."""
    if language.blocks == "indent" or "{" not in stack:
        return stack
    return stack[len(stack) - stack[::-1].index("{") :]


def _ends_open(language: Language, line: str) -> bool:
    """Whether the end of ``line``, such as an operator, continues the statement."""
    return bool(
        language.continues and re.search(language.continues, without_comments(language, line))
    )


def _paragraph_length(before: str, completion: str, after: str) -> int | None:
    *above, left = split(before + "\0")
    left = left[:-1]
    opened = sum(map(bool, map(_FENCE.match, above))) % 2 == 1
    fenced, seen, offset = opened, False, 0
    for line in split(completion):
        if not line.endswith(("\n", "\r")):
            return None
        if _FENCE.match(left + line):
            if opened:
                keep = offset if _FENCE.match(after) else offset + len(line)
                return len(completion[:keep].rstrip())
            fenced = not fenced
        elif seen and not fenced and not line.strip():
            return len(completion[:offset].rstrip())
        seen = seen or bool(line.strip())
        offset, left = offset + len(line), ""
    return None
