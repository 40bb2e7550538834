"""Names of files in Markdown as links, while the Markdown streams."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from leanwide.postprocess.markdown import fence_after

_WORD: Final = re.compile(r"[\w./:@+#~-]+")
_TICKS: Final = re.compile(r"`+")
_MAX_WORD: Final = 256
"""Characters of a longer word are passed on as they come: it is no name of a file."""
_MAX_SPAN: Final = 256
"""Characters of a code span, within which its end is waited for."""
_REFERENCE: Final = re.compile(
    r"(?P<path>[^:#]+)"
    r"(?::(?P<line>[0-9]{1,7})(?:[:-][0-9]{1,7})?|#L(?P<mark>[0-9]{1,7})(?:-L?[0-9]{1,7})?)?"
)
_BEFORE: Final = frozenset(" \t(*\"'")
"""What may stand before a name."""
_NOT_BEHIND: Final = frozenset("([<=`")
_CODE_LINE: Final = re.compile(r"(?: {4}| {0,3}\t)\s*(?![-*+]\s|[0-9]+[.)]\s)\S")
_FENCE_LINE: Final = re.compile(r"\s*(?:`{3}|~{3})")
_LINK_DEFINITION: Final = re.compile(r"\s*\[[^\]]*\]:")


class FileLinks:
    """Makes links of the names of files, with or without a line: ``a.py``, ``src/a.py:10``.

    Code blocks, links and addresses stay as they are; a code span that is nothing but such a name
    becomes a link. A name is passed on once the character after it is known. The result does not
    depend on how the text is cut into pieces.

    Args:
        find: Returns the URI of the file that a text names; None where it names none.
    """

    def __init__(self, find: Callable[[str], str | None]) -> None:
        self._find = find
        self._held = ""
        self._line = ""
        """What was passed on of the current line, without links."""
        self._fence = ""
        """The fence of the code block that the text is in; "" outside."""
        self._verbatim = False
        """Nothing of the rest of the line is a link."""
        self._long = False
        """The text is in a word that is too long."""
        self._labels = 0
        """Brackets that are open in the line."""
        self._target = False
        """The text is in the address of a link."""

    def add(self, text: str) -> str:
        """Add text; return what to show now."""
        return self._scan(text, ended=False)

    def end(self) -> str:
        """Return what is left to show: nothing follows."""
        return self._scan("", ended=True)

    def _scan(self, text: str, *, ended: bool) -> str:
        held, at, shown = self._held + text, 0, []
        while length := self._decided(held, at, ended=ended):
            piece, behind = held[at : at + length], held[at + length : at + length + 1]
            shown.append(self._linked(piece, behind))
            self._pass(piece)
            at += length
        self._held = held[at:]
        return "".join(shown)

    def _decided(self, held: str, at: int, *, ended: bool) -> int:
        """Return the length of the next piece; 0 until more of it is known."""
        if at == len(held):
            return 0
        if self._verbatim or self._fence:
            end = held.find("\n", at)
            return max(1, (len(held) if end < 0 else end) - at)
        if word := _WORD.match(held, at):
            self._long = self._long or len(word[0]) > _MAX_WORD
            return len(word[0]) if self._long or ended or word.end() < len(held) else 0
        self._long = False
        if ticks := _TICKS.match(held, at):
            known = ended or ticks.end() < len(held)
            return self._decided_span(held, at, len(ticks[0]), ended=ended) if known else 0
        return 1

    def _decided_span(self, held: str, at: int, ticks: int, *, ended: bool) -> int:
        """Return the length of a code span, or of its backticks where it has no end."""
        opens_block = ticks >= 3 and not self._line.strip()
        most = at + _MAX_SPAN + 2 * ticks
        line_end = held.find("\n", at, most + 1)
        closing = re.compile(rf"(?<!`)`{{{ticks}}}(?!`)")
        found = closing.search(held, at + ticks, most if line_end < 0 else line_end)
        if found and not opens_block:
            return found.end() - at if ended or found.end() < len(held) else 0
        if opens_block or ended or line_end >= 0 or len(held) > most:
            self._verbatim = True
            return ticks
        return 0

    def _linked(self, piece: str, behind: str) -> str:
        """Return a piece, as a link where it names a file."""
        if self._fence or self._verbatim or self._long or self._labels or self._target:
            return piece
        if piece[0] == "`":
            return self._link(piece.strip("`").strip(), piece) if self._may_follow() else piece
        name = piece.rstrip(".:")
        if not name or not self._may_follow() or behind in _NOT_BEHIND:
            return piece
        if "." not in name and "/" not in name:
            return piece
        return self._link(name, name) + piece[len(name) :]

    def _may_follow(self) -> bool:
        """Whether a link may begin behind what the line holds."""
        line = self._line
        if not line:
            return True
        if line[-1] not in _BEFORE or line[-2:-1] == "=" or _LINK_DEFINITION.match(line):
            return False
        return not _CODE_LINE.match(f"{line}x")

    def _link(self, name: str, shown: str) -> str:
        match = _REFERENCE.fullmatch(name)
        uri = self._find(match["path"]) if match is not None else None
        if match is None or uri is None:
            return shown
        line = match["line"] or match["mark"]
        return f"[{shown}]({uri}#L{int(line)})" if line else f"[{shown}]({uri})"

    def _pass(self, piece: str) -> None:
        """Keep track of a piece that is passed on."""
        if piece == "\n":
            self._fence = fence_after(self._line, self._fence)
            self._line, self._labels = "", 0
            self._verbatim = self._target = self._long = False
            return
        if piece == "[":
            self._labels += 1
        elif piece == "]":
            self._labels = max(0, self._labels - 1)
        elif piece == "(" and self._line.endswith("]"):
            self._target = True
        elif piece == ")":
            self._target = False
        self._line += piece
        self._verbatim = self._verbatim or _FENCE_LINE.match(self._line) is not None


def linked(text: str, find: Callable[[str], str | None]) -> str:
    """Return a whole Markdown text with its names of files as links."""
    links = FileLinks(find)
    return links.add(text) + links.end()
