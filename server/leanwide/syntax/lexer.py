"""A small lexer for text without a tree: unfinished, or just generated.

It knows comments, strings, brackets and line ends, and reads strictly from left to right: when the
text grows, all tokens but the last stay as they were. In languages without quotes it reports no
brackets either.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Literal

from attrs import frozen

from leanwide.syntax.languages import Language

Kind = Literal["comment", "string", "open", "close", "newline"]


@frozen
class Token:
    """A piece of text that is not plain code; offsets in code points."""

    kind: Kind
    start: int
    end: int
    closed: bool = True
    """False for a string or block comment without its end."""


def scan(language: Language, text: str, start: int = 0) -> Iterator[Token]:
    """Yield the tokens of ``text`` from ``start``, which must be outside strings and comments."""
    for match in _pattern(language).finditer(text, start):
        group = match.lastgroup or ""
        kind: Kind = _KINDS[group.partition("_")[0]]
        yield Token(kind, match.start(), match.end(), not group.endswith("_cut"))


@frozen
class LexerState:
    """The state at a point behind which tokens may still change as the text grows."""

    brackets: tuple[str, ...]
    """The open ones, outermost first."""
    fenced: bool
    """Whether a fence in a line comment has opened a block: its lines belong together."""
    end: int
    """That point, where lexing continues."""


@lru_cache(maxsize=8)
def lexer_state(language: Language, text: str) -> LexerState:
    """Return the state before the last token of ``text``; cached for all pieces of an answer."""
    stack: list[str] = []
    fenced = False
    for token in scan(language, text):
        if token.end == len(text) or not token.closed:
            return LexerState(tuple(stack), fenced, token.start)
        if token.kind == "open":
            stack.append(text[token.start])
        elif token.kind == "close" and stack:
            stack.pop()
        fenced ^= is_fence(text, token)
    return LexerState(tuple(stack), fenced, len(text))


def is_fence(text: str, token: Token) -> bool:
    """Whether a token is a line comment that opens or closes a block with a fence."""
    return token.kind == "comment" and bool(_FENCE.match(text, token.start, token.end))


def state_at_end(language: Language, text: str) -> Literal["code", "comment", "string"]:
    """Return what the end of ``text`` lies in."""
    last = next(iter(deque(scan(language, text), maxlen=1)), None)
    if last is None or last.end < len(text):
        return "code"
    if last.kind == "comment":
        return "comment" if not last.closed or _is_line_comment(language, text, last) else "code"
    return "string" if last.kind == "string" and not last.closed else "code"


def closers(language: Language, text: str) -> list[str]:
    """Return what would close the brackets, long strings and block comments open at the end.

    Innermost first. Empty after a line comment; strings of one line count only inside brackets.
    """
    stack: list[str] = []
    end = len(text.rstrip("\r\n"))
    for token in scan(language, text):
        if token.kind == "open":
            stack.append(_PAIRS[text[token.start]])
        elif token.kind == "close" and stack and stack[-1] == text[token.start]:
            stack.pop()
        elif not token.closed and token.end >= end:
            unfinished = text[token.start :]
            closer = _multiline_end(language, unfinished) or (unfinished[0] if stack else "")
            stack.append(closer)
        elif token.kind == "comment" and token.closed and token.end == end:
            return [] if _is_line_comment(language, text, token) else stack[::-1]
    return [closer for closer in reversed(stack) if closer]


def is_prelude(language: Language, line: str) -> bool:
    """Whether ``line`` holds only a comment, a decorator or the like."""
    rest = without_comments(language, line).strip()
    return not rest or bool(language.prelude and re.match(language.prelude, rest))


def without_comments(language: Language, text: str) -> str:
    """Return ``text`` without comments and trailing white space."""
    parts, at = [], 0
    for token in scan(language, text):
        if token.kind == "comment":
            parts.append(text[at : token.start])
            at = token.end
    return ("".join(parts) + text[at:]).rstrip()


_FENCE = re.compile(r"[/#;%!-]+\s*(```|~~~)")

_KINDS: dict[str, Kind] = {
    "block": "comment",
    "comment": "comment",
    "string": "string",
    "open": "open",
    "close": "close",
    "newline": "newline",
}


_PAIRS = {"(": ")", "[": "]", "{": "}"}


def _multiline_end(language: Language, text: str) -> str:
    """Return what ends the long string or block comment that ``text`` begins with; "" if none."""
    for start, end in (*language.long_quotes, language.block_comment or ("\0", "")):
        if text.startswith(start):
            return end
    return ""


def _is_line_comment(language: Language, text: str, token: Token) -> bool:
    start = language.block_comment[0] if language.block_comment else ""
    return not (start and text.startswith(start, token.start))


@cache
def _pattern(language: Language) -> re.Pattern[str]:
    parts: list[str] = []
    if language.block_comment:
        parts += _delimited("block", *language.block_comment)
    if language.comment:
        parts.append(rf"(?P<comment>(?<![\w${{]){re.escape(language.comment)}[^\r\n]*)")
    for number, (start, end) in enumerate(language.long_quotes):
        parts += _delimited(f"string_long{number}", start, end)
    for number, quote in enumerate(map(re.escape, language.quotes)):
        body = rf"{quote}(?:\\[^\r\n]|[^\\\r\n{quote}])*"
        parts.append(rf"(?P<string_{number}>{body}{quote})|(?P<string_{number}_cut>{body})")
    if language.characters:
        parts.append(r"(?P<string_character>'(?:\\[^\r\n][^'\r\n]*|[^'\\\r\n])')")
    if language.quotes or language.long_quotes:
        parts.append(r"(?P<open>[(\[{])|(?P<close>[)\]}])")
    parts.append(r"(?P<newline>\r\n|\r|\n)")
    firsts = [
        language.comment[:1],
        *language.quotes,
        *(pair[0][:1] for pair in language.long_quotes),
    ]
    firsts += [start[:1] for start in language.block_comment[:1]]
    any_first = re.escape("".join(firsts) + "'([{)]}\r\n")
    return re.compile(rf"(?=[{any_first}])(?:{'|'.join(parts)})")


def _delimited(name: str, start: str, end: str) -> list[str]:
    """Return patterns for text between delimiters: closed, and cut off by the end of the text."""
    start, end = re.escape(start), re.escape(end)
    body = rf"{start}(?:\\[\s\S]|[^\\])*?"
    return [rf"(?P<{name}>{body}{end})", rf"(?P<{name}_cut>{start}[\s\S]*\Z)"]
