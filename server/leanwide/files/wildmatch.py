"""Git's wildcards, matched without backtracking: each byte of a name is read once.

The matcher is a nondeterministic automaton: each position in a pattern is a bit of a number, and a
byte of the name advances all of them at once. It matches what git's ``wildmatch.c`` matches.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from attrs import frozen

_ALL: Final = frozenset(range(1, 256))
_SLASH: Final = ord("/")
_SPECIAL: Final = frozenset(b"*?[\\")
_CLASSES: Final[Mapping[bytes, frozenset[int]]] = MappingProxyType(
    {
        name: frozenset(text.encode())
        for name, text in (
            (b"alnum", string.ascii_letters + string.digits),
            (b"alpha", string.ascii_letters),
            (b"blank", " \t"),
            (b"cntrl", "".join(map(chr, range(1, 32))) + "\x7f"),
            (b"digit", string.digits),
            (b"graph", string.ascii_letters + string.digits + string.punctuation),
            (b"lower", string.ascii_lowercase),
            (b"print", string.ascii_letters + string.digits + string.punctuation + " "),
            (b"punct", string.punctuation),
            (b"space", string.whitespace),
            (b"upper", string.ascii_uppercase),
            (b"xdigit", string.hexdigits),
        )
    }
)


class MalformedError(ValueError):
    """A pattern that matches nothing: it has an unclosed set or an unknown class."""


@frozen
class _Token:
    """One byte of a name, or any number of them."""

    accepts: frozenset[int]
    many: bool = False
    skipped_with_slash: bool = False
    """``**/``, which also matches no folder at all."""


def literal_length(pattern: bytes) -> int:
    """Return the number of bytes before the first wildcard."""
    return next((at for at, byte in enumerate(pattern) if byte in _SPECIAL), len(pattern))


def wildmatch(pattern: bytes, *, ignore_case: bool) -> Callable[[bytes], bool]:
    """Return a function that tells whether a whole name matches a pattern.

    A name is a path: only ``**`` between slashes matches a slash. The function takes one step for
    each byte of the name, whatever the pattern. Names and patterns have no NUL.

    Raises:
        MalformedError: The pattern matches nothing.
    """
    ending = pattern[1:]  # of the most common patterns, a star and an ending
    if pattern[:1] == b"*" and literal_length(ending) == len(ending) and b"/" not in ending:
        lower = ending.lower()
        if ignore_case:
            return lambda name: name.lower().endswith(lower) and b"/" not in name
        return lambda name: name.endswith(ending) and b"/" not in name
    tokens = tuple(_tokens(pattern))
    kinds, moves, stays = _tables(tokens, ignore_case=ignore_case)
    many = sum(token.many << at for at, token in enumerate(tokens))
    skipped = sum(token.skipped_with_slash << at for at, token in enumerate(tokens))
    last = 1 << len(tokens)

    def entered(states: int, stayed: int) -> int:
        states |= (states & skipped) << 2 | stayed
        return states | (states & many) << 1

    def matches(name: bytes) -> bool:
        states = entered(1, 0)
        for kind in name.translate(kinds):
            states = entered((states & moves[kind]) << 1, states & stays[kind])
            if not states:
                return False
        return bool(states & last)

    return matches


def _tables(tokens: tuple[_Token, ...], *, ignore_case: bool) -> tuple[bytes, list[int], list[int]]:
    """Return the automaton's tables.

    These are the kind of each byte, where bytes that no token tells apart share one, and for each
    kind the states that it moves on and the states that it keeps.
    """
    moves, stays = [0] * 256, [0] * 256
    for at, token in enumerate(tokens):
        table = stays if token.many else moves
        accepted = token.accepts
        if ignore_case:
            letters = bytes(sorted(accepted))
            accepted = accepted | frozenset(letters.lower()) | frozenset(letters.upper())
        for byte in accepted:
            table[byte] |= 1 << at
    pairs = list(zip(moves, stays, strict=True))
    numbers = {pair: number for number, pair in enumerate(dict.fromkeys(pairs))}
    kinds = bytes(numbers[pair] for pair in pairs)
    return kinds, [move for move, _ in numbers], [stay for _, stay in numbers]


def _tokens(pattern: bytes) -> Iterator[_Token]:
    at, end, after_folders = 0, len(pattern), False
    while at < end:
        byte = pattern[at]
        if byte == ord("*"):
            token, following = _stars(pattern, at)
            if after_folders and token.skipped_with_slash:
                at = following + 1  # **/**/ is **/
                continue
            after_folders = token.skipped_with_slash
            yield token
            at = following
            if after_folders:
                yield _Token(frozenset({_SLASH}))
                at += 1
            continue
        after_folders = False
        accepted, at = _single(pattern, at)
        yield _Token(accepted)


def _stars(pattern: bytes, at: int) -> tuple[_Token, int]:
    """Return the token of a run of stars, and its end."""
    following = at
    while pattern[following : following + 1] == b"*":
        following += 1
    rest = pattern[following : following + 2]
    alone = (at == 0 or pattern[at - 1] == _SLASH) and (rest[:1] in (b"", b"/") or rest == b"\\/")
    if following - at > 1 and alone:
        return _Token(_ALL, many=True, skipped_with_slash=rest[:1] == b"/"), following
    return _Token(_ALL - {_SLASH}, many=True), following


def _single(pattern: bytes, at: int) -> tuple[frozenset[int], int]:
    """Return the bytes that the pattern for one byte accepts, and its end."""
    match pattern[at : at + 1]:
        case b"?":
            return _ALL - {_SLASH}, at + 1
        case b"[":
            return _set(pattern, at + 1)
        case b"\\":
            return frozenset({_byte(pattern, at + 1)}), at + 2
        case _:
            return frozenset({pattern[at]}), at + 1


def _set(pattern: bytes, at: int) -> tuple[frozenset[int], int]:
    """Return the bytes of a set after its bracket, and its end; its first byte is a member."""
    negated = pattern[at : at + 1] in (b"!", b"^")
    start = at = at + negated
    found: set[int] = set()
    before = 0
    while at == start or pattern[at : at + 1] != b"]":
        members, before, at = _member(pattern, at, before)
        found.update(members)
    return (_ALL - found if negated else frozenset(found)) - {_SLASH}, at + 1


def _member(pattern: bytes, at: int, before: int) -> tuple[Iterable[int], int, int]:
    """Return the bytes of a byte, range or class of a set, the byte for ``before``, and its end.

    Args:
        pattern: The pattern.
        at: The start of the member.
        before: The byte in front of it, where a range may begin; otherwise 0.
    """
    byte = _byte(pattern, at)
    if byte == ord("\\"):
        escaped = _byte(pattern, at + 1)
        return (escaped,), escaped, at + 2
    if byte == ord("-") and before and pattern[at + 1 : at + 2] not in (b"", b"]"):
        escapes = pattern[at + 1] == ord("\\")
        return range(before, _byte(pattern, at + 1 + escapes) + 1), 0, at + 2 + escapes
    if pattern[at : at + 2] == b"[:":
        end = pattern.find(b"]", at + 2)
        if end < 0:
            raise MalformedError
        if end > at + 2 and pattern[end - 1] == ord(":"):
            return _class(pattern[at + 2 : end - 1]), 0, end + 1
    return (byte,), byte, at + 1


def _class(name: bytes) -> frozenset[int]:
    if name not in _CLASSES:
        raise MalformedError
    return _CLASSES[name]


def _byte(pattern: bytes, at: int) -> int:
    if at >= len(pattern):
        raise MalformedError
    return pattern[at]
