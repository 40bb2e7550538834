"""Work of tree-sitter that may take long: it gives way to other threads, and it is given up.

Some texts take a parser hours, or its memory: a thousand `a<` in C++ may be types or comparisons in
all combinations, and unfinished comments are searched for their end again and again. No size tells
them from others, only the time that they take.

The binding holds Python's lock while it works. Where it calls back, other threads go on: it asks
for the text in pieces, and between steps whether to stop.
"""

import re
import time
from collections import deque
from typing import Final

import attrs
import tree_sitter

from leanwide.syntax.languages import Language

_PIECE: Final = 4_096
"""Bytes that are read at once: a search through the whole text gives way as often."""
_BASE_S: Final = 0.2
_BYTE_S: Final = 2e-6
"""Seconds for a byte: several times what usual code takes."""
_HELD_S: Final = 0.03
"""Seconds between two times that the parser calls back; usually it is less than a thousandth."""
_PART: Final = 4
_BREAK: Final = b"("
"""What ends a part that is tried: an error, as anybody may type at any time."""
_SHORT: Final = 1_000
"""Bytes of a text of which no part is tried."""
_LEVEL: Final = re.compile(rb"[-?:](?=\s|\Z)")
_WIDEST: Final = 2_000
"""Tokens that an error may hold: a query looks at all that follow one, until one has a name."""
_MOST_OPEN: Final = 1_000
"""Brackets that a text may leave open. The parser looks for a way out of all of them at the end of
the text, and does not give way while it does."""
_ANGLES: Final = 0.05
"""Share of a text that may be less-than signs without a partner: most of them are no brackets."""

_spare: Final[deque[bytearray]] = deque()
"""Buffers to read into. The binding never lets go of one that a parser has read from, so they are
used again and again."""


@attrs.frozen
class Effort:
    """What a piece of work may take: a thread's own seconds, for a busy machine is no reason."""

    seconds: float
    _began: float = attrs.field(factory=time.thread_time, init=False)

    def is_spent(self, *_: object) -> bool:
        """Whether to give up. Takes what tree-sitter says of its progress."""
        return time.thread_time() - self._began > self.seconds


def effort_for(size: int) -> Effort:
    """Return what reading, or one question, may take in a text of so many bytes."""
    return Effort(_BASE_S + _BYTE_S * size)


@attrs.define
class _Reading:
    """One run of the parser, which asks for the text and whether to go on."""

    source: bytes
    effort: Effort
    buffer: bytearray
    given_up: bool = False
    _last: float = attrs.field(factory=time.thread_time, init=False)

    def is_over(self, *_: object) -> bool:
        """Whether to stop. Takes what tree-sitter says of its progress."""
        now = time.thread_time()
        held, self._last = now - self._last, now
        self.given_up = self.given_up or held > _HELD_S or self.effort.is_spent()
        return self.given_up

    def read(self, start: int, _: object) -> bytearray | None:
        """Return the text from byte `start` on, or nothing, which is its end."""
        if self.is_over() or start >= len(self.source):
            return None
        self.buffer[:] = self.source[start : start + _PIECE]
        return self.buffer


def parsed(
    language: Language, source: bytes, old: tree_sitter.Tree | None
) -> tree_sitter.Tree | None:
    """Parse, from what `old` says of an earlier text if there is one; None where it is given up.

    Without one, a part of the text is tried first, and before it a part of that: what takes the
    square of the length, which cannot be stopped, takes too long there already.
    """
    if _leaves_open(source) or _outgrows(source, language.most_levels):
        return None
    part = len(source) // _PART
    if old is None and part > _SHORT and parsed(language, source[:part] + _BREAK, None) is None:
        return None
    buffer = _spare.pop() if _spare else bytearray()
    reading = _Reading(source, effort_for(len(source)), buffer)
    try:
        tree = _run(tree_sitter.Parser(language.grammar()), reading, old)
    except ValueError:  # so the binding says that it was told to stop
        return None
    finally:
        _spare.append(buffer)
    return None if reading.is_over() or _is_hopeless(tree, reading.effort) else tree


def _run(
    parser: tree_sitter.Parser, reading: _Reading, old: tree_sitter.Tree | None
) -> tree_sitter.Tree:
    if old is None:
        return parser.parse(reading.read, progress_callback=reading.is_over)
    return parser.parse(reading.read, old, progress_callback=reading.is_over)


def _leaves_open(source: bytes) -> bool:
    """Whether a text has so many more opening brackets than closing ones that it is no code."""
    pairs = ((b"(", b")"), (b"[", b"]"), (b"{", b"}"))
    if any(source.count(one) - source.count(other) > _MOST_OPEN for one, other in pairs):
        return True
    angles = source.count(b"<") - source.count(b">")
    return angles > max(_MOST_OPEN, _ANGLES * len(source))


def _outgrows(source: bytes, most: int) -> bool:
    """Whether a line may be in more than `most` blocks of YAML: two at most begin at a column."""
    long = (line for line in source.split(b"\n") if most and 2 * (len(line) + 1) > most)
    return any(
        2 * (len(line) - len(line.lstrip()) + 1) + len(_LEVEL.findall(line)) > most for line in long
    )


def _is_hopeless(tree: tree_sitter.Tree, effort: Effort) -> bool:
    """Whether there is an error that holds so much that asking about it takes too long."""
    todo = [tree.root_node]
    while todo:
        node = todo.pop()
        wide = node.is_error and node.child_count - node.named_child_count > _WIDEST
        if wide or effort.is_spent():
            return True
        if node.has_error:
            todo += [one for one in node.children if one.has_error]
    return False
