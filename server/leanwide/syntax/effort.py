"""Work of tree-sitter that may take long: it gives way to other threads, and it is given up.

Some texts take a parser hours, or its memory: a thousand `a<` in C++ may be types or comparisons in
all combinations, and unfinished comments are searched for their end again and again. No size tells
them from others, only the time that they take.

The binding holds Python's lock while it works. Where it calls back, other threads go on: it asks
for the text in pieces, and between steps whether to stop.
"""

import time
from collections import deque
from typing import Final

import attrs
import tree_sitter

_PIECE: Final = 4_096
"""Bytes that are read at once: a search through the whole text gives way as often."""
_BASE_S: Final = 0.2
_BYTE_S: Final = 2e-6
"""Seconds for a byte: several times what usual code takes."""
_WIDEST: Final = 2_000
"""Tokens that an error may hold: a query looks at all that follow one, until one has a name."""

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


def parsed(
    grammar: tree_sitter.Language, source: bytes, old: tree_sitter.Tree | None
) -> tree_sitter.Tree | None:
    """Parse, from what `old` says of an earlier text if there is one; None where it is given up."""
    effort, given_up = effort_for(len(source)), False
    buffer = _spare.pop() if _spare else bytearray()

    def read(start: int, _: object) -> bytearray | None:
        nonlocal given_up
        given_up = given_up or effort.is_spent()
        if given_up or start >= len(source):
            return None
        buffer[:] = source[start : start + _PIECE]
        return buffer

    parser = tree_sitter.Parser(grammar)
    try:
        if old is None:
            tree = parser.parse(read, progress_callback=effort.is_spent)
        else:
            tree = parser.parse(read, old, progress_callback=effort.is_spent)
    except ValueError:  # so the binding says that it was told to stop
        return None
    finally:
        _spare.append(buffer)
    return None if given_up or _is_hopeless(tree, effort) else tree


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
