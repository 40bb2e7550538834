"""Parses within a time limit and lets other threads run meanwhile.

Some texts take a parser hours or all memory: a thousand ``a<`` in C++ may be types or comparisons
in all combinations, and unfinished comments are searched for their end again and again. No size
limit would catch them, only a time limit does.

The binding holds the GIL while it works. Other threads run during its two callbacks: one returns
the next piece of the text, and one tells whether to stop.
"""

from __future__ import annotations

import re
import time
from collections import deque
from typing import Final

import tree_sitter
from attrs import define, field, frozen

from leanwide.syntax.languages import Language

_PIECE_BYTES: Final = 4_096
"""Bytes that the parser reads at once, and so how often a search through the text calls back."""
_BASE_S: Final = 0.2
"""Seconds for any text."""
_BYTE_S: Final = 2e-6
"""Seconds for each byte: several times what usual code takes."""
_MAX_STALL_S: Final = 0.03
"""Seconds between two callbacks of the parser; usually they are less than a millisecond apart."""
_PARTS: Final = 4
"""A text is first tried on its first quarter."""
_BREAK: Final = b"("
"""What ends the part that is tried: an error, as a user may type at any time."""
_SHORT_BYTES: Final = 1_000
"""A part of at most this many bytes is not tried."""
_LEVEL: Final = re.compile(rb"[-?:](?=\s|\Z)")
_MAX_ERROR_TOKENS: Final = 2_000
"""Unnamed tokens in one error: a query visits all that follow a token, up to the next named one."""
_MAX_OPEN: Final = 1_000
"""Brackets that a text may leave open. At the end of the text the parser searches for a way out of
all of them without calling back."""
_MAX_ANGLES: Final = 0.05
"""Share of a text that may be less-than signs without a partner: most of them are no brackets."""

_spare: Final[deque[bytearray]] = deque()
"""Buffers to read into. The binding never releases one that a parser has read from, so they are
reused."""


@frozen
class Effort:
    """A time limit for a piece of work, in the thread's CPU time: a busy machine does not count."""

    seconds: float
    _began: float = field(factory=time.thread_time, init=False)

    def is_spent(self, *_: object) -> bool:
        """Whether to give up. Ignores tree-sitter's progress arguments."""
        return time.thread_time() - self._began > self.seconds


def effort_for(size: int) -> Effort:
    """Return the limit for parsing, or for one query, in a text of ``size`` bytes."""
    return Effort(_BASE_S + _BYTE_S * size)


@define
class _Reading:
    """One run of the parser: passes it the text and tells it when to stop."""

    source: bytes
    effort: Effort
    buffer: bytearray
    given_up: bool = False
    _last: float = field(factory=time.thread_time, init=False)

    def is_over(self, *_: object) -> bool:
        """Whether to stop. Ignores tree-sitter's progress arguments."""
        now = time.thread_time()
        stall, self._last = now - self._last, now
        self.given_up = self.given_up or stall > _MAX_STALL_S or self.effort.is_spent()
        return self.given_up

    def read(self, start: int, _: object) -> bytearray | None:
        """Return a piece of the text from byte ``start`` on; None at its end."""
        if self.is_over() or start >= len(self.source):
            return None
        self.buffer[:] = self.source[start : start + _PIECE_BYTES]
        return self.buffer


def parse_bytes(
    language: Language, source: bytes, old: tree_sitter.Tree | None
) -> tree_sitter.Tree | None:
    """Parse, incrementally from ``old`` if given; None where that is given up.

    Without ``old``, the first quarter of the text is tried first, and a quarter of that before:
    work that takes the square of the length and cannot be stopped is noticed there.
    """
    if _leaves_open(source) or _is_too_nested(source, language.most_levels):
        return None
    part = len(source) // _PARTS
    tried = old is None and part > _SHORT_BYTES
    if tried and parse_bytes(language, source[:part] + _BREAK, None) is None:
        return None
    buffer = _spare.pop() if _spare else bytearray()
    reading = _Reading(source, effort_for(len(source)), buffer)
    try:
        parser = tree_sitter.Parser(language.grammar())
        if old is None:
            tree = parser.parse(reading.read, progress_callback=reading.is_over)
        else:
            tree = parser.parse(reading.read, old, progress_callback=reading.is_over)
    except ValueError:  # the binding's way to say that it was stopped
        return None
    finally:
        _spare.append(buffer)
    return None if reading.is_over() or _is_hopeless(tree, reading.effort) else tree


def _leaves_open(source: bytes) -> bool:
    """Whether a text has far more opening than closing brackets, as no code has."""
    pairs = ((b"(", b")"), (b"[", b"]"), (b"{", b"}"))
    if any(source.count(opening) - source.count(closing) > _MAX_OPEN for opening, closing in pairs):
        return True
    angles = source.count(b"<") - source.count(b">")
    return angles > max(_MAX_OPEN, _MAX_ANGLES * len(source))


def _is_too_nested(source: bytes, most: int) -> bool:
    """Whether a line may be in more than ``most`` blocks of YAML; at most two begin at a column.

    Never where ``most`` is 0.
    """
    long = (line for line in source.split(b"\n") if most and 2 * (len(line) + 1) > most)
    return any(
        2 * (len(line) - len(line.lstrip()) + 1) + len(_LEVEL.findall(line)) > most for line in long
    )


def _is_hopeless(tree: tree_sitter.Tree, effort: Effort) -> bool:
    """Whether a tree holds an error so large that queries of it take too long."""
    todo = [tree.root_node]
    while todo:
        node = todo.pop()
        unnamed = node.child_count - node.named_child_count if node.is_error else 0
        if unnamed > _MAX_ERROR_TOKENS or effort.is_spent():
            return True
        if node.has_error:
            todo += [child for child in node.children if child.has_error]
    return False
