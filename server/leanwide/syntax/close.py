"""Where in a growing completion the syntax that it completes closes.

All is read from left to right: an answer for a completion stays the answer when more text comes.
"""

import re
from typing import Final

from leanwide.syntax.block import block_length
from leanwide.syntax.languages import Language
from leanwide.syntax.lexer import code, is_fence, reached, scan
from leanwide.syntax.place import Shape
from leanwide.syntax.text import split

_SUPPLIED: Final = re.compile(r"[\s)\]}\"'`;,]*")
_FENCE: Final = re.compile(r"\s*(```|~~~)")


def completed_length(
    language: Language, before: str, completion: str, after: str, *, shape: Shape = "block"
) -> int | None:
    """Return how many code points of `completion` are wanted, None while it is not complete.

    `before` and `after` are the text around it, a definition's worth; `before` starts at the start
    of a line, outside strings and comments. A "line" is complete where it ends, unless a bracket
    or an operator holds it open. A "block" is complete where the block opened in `before` closes,
    and where none was just opened, when one statement with its blocks does. The closing bracket
    or word is part of it unless `after` has it.
    """
    if shape == "line":
        return _line_length(language, before, completion, after)
    if language.blocks == "paragraphs":
        return _paragraph_length(before, completion, after)
    return block_length(language, before, completion, after)


def _line_length(language: Language, before: str, completion: str, after: str) -> int | None:
    text, base = before + completion, len(before)
    line_start = text.rfind("\n", 0, base) + 1
    supplied = _closers(after)
    above = reached(language, before)
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
            held = (
                fenced or set(own) & _holding(language) or len(_joined(language, outer)) > supplied
            )
            if not held and not _goes_on(language, text[line_start : token.start]):
                return len(completion[: token.start - base].rstrip())
            line_start = token.end
    return None


def _closers(after: str) -> int:
    """Return how many brackets `after` closes on the line of the cursor."""
    run = _SUPPLIED.match(split(after)[0]) if after else None
    return sum(run[0].count(one) for one in ")]}") if run else 0


def _holding(language: Language) -> set[str]:
    """Return the brackets that hold a line open; a brace does not where it opens a block."""
    return {"(", "[", "{"} if language.indented else {"(", "["}


def _joined(language: Language, stack: list[str]) -> list[str]:
    """Return the brackets that were opened in the statement at the end of `stack`."""
    if language.indented or "{" not in stack:
        return stack
    return stack[len(stack) - stack[::-1].index("{") :]


def _goes_on(language: Language, line: str) -> bool:
    return bool(language.continues and re.search(language.continues, code(language, line)))


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
