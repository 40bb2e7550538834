"""Where a block, or one statement with its blocks, ends in a growing completion."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from attrs import frozen

from leanwide.syntax.languages import Language
from leanwide.syntax.lexer import Token, is_prelude, scan, without_comments
from leanwide.syntax.text import content, indentation, split

_NEXT_CONTENT: Final = re.compile(r"(?:[^\S\r\n]*(?:\r\n|\r|\n))*([ \t]*)(?=\S)")
_FIRST_WORD: Final = re.compile(r"\w+|[^\w\s]+")
_CLOSING_RUN: Final = re.compile(r"[)\]};,]*")


@frozen
class _Block:
    """What is being completed."""

    language: Language
    text: str
    """The text before the completion, and the completion."""
    base: int
    """Where in ``text`` the completion starts."""
    after: str
    body: bool
    """Whether the completion is the body of a block just opened; otherwise it is a statement."""
    indent: int
    """Columns of indentation of the statement, or of the one that opened the block."""
    brackets: tuple[str, ...]
    """The brackets that are open at ``base``."""
    scan_start: int
    """Where in ``text`` to scan from: ``base``, or the start of an unfinished token there."""

    def length_to(self, end: int) -> int:
        """Return the length of the completion up to ``end``, without trailing white space."""
        return len(self.text[self.base : end].rstrip())

    @property
    def closed_after(self) -> bool:
        """Whether the text after the completion closes the block."""
        for number, line in enumerate(split(self.after)):
            if line.strip():
                closes = _closes(self.language, line.lstrip()) is not None
                return closes and (number == 0 or indentation(line) >= self.indent)
        return False


@frozen
class _Undecided:
    """The text so far does not tell whether the block ends."""


def block_length(language: Language, before: str, completion: str, after: str) -> int | None:
    """Return how many code points of ``completion`` belong to the block; None while it is open."""
    block = _opened(language, before, completion, after)
    stack = list(block.brackets)
    for token in scan(language, block.text, block.scan_start):
        if token.kind == "open":
            stack.append(block.text[token.start])
        elif token.kind == "close":
            if len(stack) == len(block.brackets):
                closed = _at_bracket(block, token)
                return None if isinstance(closed, _Undecided) else closed
            stack.pop()
        elif token.kind == "newline" and len(stack) == len(block.brackets):
            answer = _at_line_end(block, token)
            if answer is not None:
                return None if isinstance(answer, _Undecided) else answer
    return None


def _opened(language: Language, before: str, completion: str, after: str) -> _Block:
    found = _before(language, before)
    line = found.line
    if not found.body and not found.left.strip():
        line = next((text for text in split(found.left + completion) if text.strip()), "")
    return _Block(
        language,
        before + completion,
        len(before),
        after,
        found.body,
        indentation(line),
        found.brackets,
        found.scan_start,
    )


@frozen
class _Before:
    """The text before a completion, analysed."""

    left: str
    """The logical line of the cursor, up to it."""
    line: str
    """The last logical line with code."""
    body: bool
    """Whether that line has just opened a block."""
    brackets: tuple[str, ...]
    scan_start: int


@lru_cache(maxsize=8)
def _before(language: Language, before: str) -> _Before:
    """Analyse the text before a completion. Cached: every piece of an answer needs it."""
    stack: list[str] = []
    starts, scan_start = [0], len(before)
    for token in scan(language, before):
        if not token.closed or (token.kind == "comment" and token.end == len(before)):
            scan_start = token.start
        if token.kind == "open":
            stack.append(before[token.start])
        elif token.kind == "close" and stack:
            stack.pop()
        elif token.kind == "newline" and not _continues_line(language, stack):
            starts.append(token.end)
    left = before[starts[-1] :]
    line, is_own = _opening_line(language, before, starts)
    patterns = [language.opener] if is_own else [language.opener, language.header]
    statement = without_comments(language, line)
    last = split(statement)[-1] if statement else ""
    body = any(p and (re.search(p, statement) or re.search(p, last)) for p in patterns)
    return _Before(left, line, body, tuple(stack), scan_start)


def _opening_line(language: Language, before: str, starts: list[int]) -> tuple[str, bool]:
    """Return the last logical line with code, and whether the cursor is on it."""
    ends = [*starts[1:], len(before)]
    for number, (start, end) in enumerate(zip(reversed(starts), reversed(ends), strict=True)):
        if without_comments(language, before[start:end]).strip():
            return before[start:end], number == 0
    return "", True


def _continues_line(language: Language, stack: list[str]) -> bool:
    """Whether the innermost open bracket continues a statement on the next line."""
    return bool(stack) and (stack[-1] != "{" or language.blocks == "indent")


def _closes(language: Language, line: str) -> re.Match[str] | None:
    pattern = language.closer if language.blocks == "words" else r"[)\]}]"
    return re.match(pattern, line) if language.blocks != "indent" else None


def _at_bracket(block: _Block, token: Token) -> int | _Undecided:
    """Decide at a bracket that closes one opened before the completion.

    What follows a block on its last line belongs to it, as ``from "x"`` does to an import; a clause
    such as ``else`` is another block.
    """
    if not block.body or block.language.blocks == "indent" or _is_supplied(block, token):
        return block.length_to(token.start)
    run = _CLOSING_RUN.match(block.text, token.end)
    end = run.end() if run else token.end
    following = block.text[end:].lstrip(" \t")
    if not following or re.fullmatch(r"\w+", following):
        return _Undecided()
    clause = block.language.clause
    if following[0] in "\r\n" or (clause and re.match(clause, following)):
        return block.length_to(end)
    return _at_end_of_last_line(block, end)


def _is_supplied(block: _Block, token: Token) -> bool:
    """Whether the text after the completion has the bracket that closes the block."""
    same = block.after.lstrip()[:1] == block.text[token.start]
    return block.closed_after and (same or block.language.blocks == "words")


def _at_end_of_last_line(block: _Block, end: int) -> int | _Undecided:
    """Return the length to where the line ends on which the block closed, its brackets closed."""
    opened = 0
    for token in scan(block.language, block.text, end):
        if token.kind == "open":
            opened += 1
        elif token.kind == "close":
            opened -= 1
        elif token.kind == "newline" and opened <= 0:
            return block.length_to(token.start)
    return _Undecided()


def _at_line_end(block: _Block, newline: Token) -> int | _Undecided | None:
    """Decide by the next line with content; None where that continues the block."""
    following = _NEXT_CONTENT.match(block.text, newline.end)
    if following is None:
        return _Undecided()
    rest = block.text[following.end() :]
    is_closer = block.language.blocks == "braces" and rest[0] in ")]}#"
    if is_closer or _columns(following) > block.indent:
        return None
    word = _FIRST_WORD.match(rest)
    if word is None or word.end() == len(rest):
        return _Undecided()
    if _continues_with(block, newline, rest):
        return None
    return _at_closing_word(block, newline, following)


def _at_closing_word(
    block: _Block, newline: Token, following: re.Match[str]
) -> int | _Undecided | None:
    """Decide whether the block ends with the line before or with the word after ``following``."""
    rest = block.text[following.end() :]
    closing = _closes(block.language, rest) if block.language.blocks == "words" else None
    is_wanted = not (block.body and block.closed_after)
    if closing is None or not is_wanted or _columns(following) < block.indent:
        return block.length_to(newline.start)
    if closing.end() == len(rest):
        return _Undecided()
    return block.length_to(following.end() + closing.end())


def _columns(following: re.Match[str]) -> int:
    """Return the columns of indentation in front of the next content."""
    return len(following[1].expandtabs(8))


def _continues_with(block: _Block, newline: Token, rest: str) -> bool:
    """Whether a line at the block's own indentation that starts with ``rest`` continues it."""
    language = block.language
    if not block.body:
        done = block.text[: newline.start]
        start = max(done.rfind("\n"), done.rfind("\r")) + 1
        if not done[block.base :].strip() and not done[start:].strip():
            return True
        if is_prelude(language, content(done[start:])):
            return True
    elif language.blocks == "indent" or block.closed_after:
        return False
    return bool(language.clause and re.match(language.clause, rest))
