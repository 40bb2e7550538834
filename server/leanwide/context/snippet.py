"""Short pieces of other files for a prompt. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import field, frozen

from leanwide.context.view import with_lf

MAX_LINES: Final = 12
"""Lines of a snippet."""
_MAX_CHARACTERS: Final = 1_200
"""Characters of a snippet: with long lines it has fewer of them."""
_LINES_ABOVE: Final = 4
"""Lines shown above an edited one."""


@frozen
class Snippet:
    """A piece of another file for the prompt."""

    path: str
    """Relative to the workspace root, POSIX."""
    text: str
    """Whole lines with LF endings, the last one included."""
    line: int = field(default=0, eq=False)
    """Its first line in its file, counting from 0; it may move and stay the same snippet."""


def lines_around(lines: Sequence[str], line: int) -> str:
    """Return the lines around an edited line, as the text of a snippet."""
    first = max(0, line - _LINES_ABOVE)
    return clipped(with_lf("".join(lines[first : first + MAX_LINES])))


def clipped(text: str) -> str:
    """Return the first whole lines of ``text`` that fit into a snippet, without trailing blanks.

    At most 12 lines and 1,200 characters.
    """
    kept: list[str] = []
    room = _MAX_CHARACTERS
    for line in text.split("\n")[:MAX_LINES]:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join(kept).strip("\n") + "\n" if any(map(str.strip, kept)) else ""
