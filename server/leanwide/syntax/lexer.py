"""A small scanner for text that no tree covers: unfinished, or just generated.

It knows comments, strings, brackets and line ends, and reads strictly from left to right: what it
found in a text stays found when the text grows, but for the last token. Where a language has no
quotes, brackets mean nothing either.
"""

import re
from collections import deque
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Literal

import attrs

from leanwide.syntax.languages import Language

Kind = Literal["comment", "string", "open", "close", "newline"]


@attrs.frozen
class Token:
    """Something in a text that is not plain code; offsets in code points."""

    kind: Kind
    start: int
    end: int
    closed: bool = True
    """False for a string or block comment whose end has not come."""


def scan(language: Language, text: str, start: int = 0) -> Iterator[Token]:
    """Yield the tokens of `text` from `start` on, which must be outside strings and comments."""
    for match in _pattern(language).finditer(text, start):
        group = match.lastgroup or ""
        kind: Kind = _KINDS[group.partition("_")[0]]
        yield Token(kind, match.start(), match.end(), not group.endswith("_cut"))


@attrs.frozen
class LexerState:
    """How far a text was read, and what is open there. More text may follow."""

    brackets: tuple[str, ...]
    """Those that are open, outermost first."""
    fenced: bool
    """Whether a fence in a line comment has opened a block: its lines belong together."""
    end: int
    """Where to go on: what is behind may read otherwise with more text."""


@lru_cache(maxsize=8)
def reached(language: Language, text: str) -> LexerState:
    """Read `text` up to its last token. Remembered, for each piece of an answer needs it."""
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
    """Return whether a token is a line comment that opens or closes a block with a fence."""
    return token.kind == "comment" and bool(_FENCE.match(text, token.start, token.end))


def state(language: Language, text: str) -> Literal["code", "comment", "string"]:
    """Return what the end of `text` is in."""
    last = next(iter(deque(scan(language, text), maxlen=1)), None)
    if last is None or last.end < len(text):
        return "code"
    if last.kind == "comment":
        return "comment" if not last.closed or _is_line_comment(language, text, last) else "code"
    return "string" if last.kind == "string" and not last.closed else "code"


def closers(language: Language, text: str) -> list[str]:
    """Return what would close the brackets, long strings and block comments open at its end.

    Innermost first. Nothing can after a line comment; strings of one line count inside brackets.
    """
    stack: list[str] = []
    end = len(text.rstrip("\r\n"))
    for token in scan(language, text):
        if token.kind == "open":
            stack.append(_PAIRS[text[token.start]])
        elif token.kind == "close" and stack and stack[-1] == text[token.start]:
            stack.pop()
        elif not token.closed and token.end >= end:
            stack.append(_end_of(language, text[token.start :], bool(stack)))
        elif token.kind == "comment" and token.closed and token.end == end:
            return [] if _is_line_comment(language, text, token) else stack[::-1]
    return [one for one in reversed(stack) if one]


def code(language: Language, text: str) -> str:
    """Return `text` without its comments and the white space at its end."""
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


def _end_of(language: Language, text: str, within: bool) -> str:
    """Return what ends the unfinished string or comment `text`; for short ones only if `within`."""
    for start, end in (*language.long_quotes, language.block_comment or ("\0", "")):
        if text.startswith(start):
            return end
    return text[0] if within else ""


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
    firsts += [one[:1] for one in language.block_comment[:1]]
    any_first = re.escape("".join(firsts) + "'([{)]}\r\n")
    return re.compile(rf"(?=[{any_first}])(?:{'|'.join(parts)})")


def _delimited(name: str, start: str, end: str) -> list[str]:
    start, end = re.escape(start), re.escape(end)
    body = rf"{start}(?:\\[\s\S]|[^\\])*?"
    return [rf"(?P<{name}>{body}{end})", rf"(?P<{name}_cut>{start}[\s\S]*\Z)"]
