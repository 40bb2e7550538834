"""A document in an editor: lines, a cursor and ghost text."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from attrs import frozen

Encoding: TypeAlias = Literal["utf-8", "utf-16"]
"""The LSP position encoding."""

Place: TypeAlias = tuple[int, int]
"""Line and column, both from 0, the column in code points."""

_UNIT_BYTES: Final[dict[Encoding, int]] = {"utf-8": 1, "utf-16": 2}
_CODEC: Final[dict[Encoding, str]] = {"utf-8": "utf-8", "utf-16": "utf-16-le"}


@frozen
class Ghost:
    """A suggestion that the editor shows."""

    start: Place
    """Where its text begins; the text from here to the cursor is its typed beginning."""
    text: str
    """Its whole text."""
    command: Any
    """The LSP command to run when it is accepted, or None."""


class Buffer:
    """Text with LF line endings, edited at the cursor."""

    def __init__(self, uri: str, text: str, encoding: Encoding) -> None:
        self.uri = uri
        self.version = 1
        self.lines = text.split("\n")
        self.cursor: Place = (0, 0)
        self.ghost: Ghost | None = None
        self._encoding = encoding

    @property
    def text(self) -> str:
        """The whole text."""
        return "\n".join(self.lines)

    @property
    def before(self) -> str:
        """The cursor's line up to the cursor."""
        return self.lines[self.cursor[0]][: self.cursor[1]]

    @property
    def after(self) -> str:
        """The cursor's line from the cursor on."""
        return self.lines[self.cursor[0]][self.cursor[1] :]

    def go_behind(self, text: str) -> None:
        """Move the cursor behind the first occurrence of ``text``.

        Raises:
            LookupError: The text does not occur.
        """
        at = self.text.find(text)
        if at < 0:
            raise LookupError(f"{text!r} does not occur in {self.uri}")
        upto = self.text[: at + len(text)]
        self.cursor = upto.count("\n"), len(upto) - upto.rfind("\n") - 1
        self.ghost = None

    def insert(self, text: str) -> dict[str, Any]:
        """Insert at the cursor and keep ghost text that begins with it; return the LSP change."""
        change = self._replace(self.cursor, text)
        self.ghost = self._still(self.ghost)
        return change

    def backspace(self) -> dict[str, Any]:
        """Delete the character before the cursor; return the LSP change."""
        line, column = self.cursor
        start = (line, column - 1) if column else (line - 1, len(self.lines[line - 1]))
        change = self._replace(max(start, (0, 0)), "")
        self.ghost = self._still(self.ghost)
        return change

    def accept(self) -> dict[str, Any]:
        """Insert the ghost text, which must be shown; return the LSP change."""
        assert self.ghost is not None  # noqa: S101  # the caller checks it
        change = self._replace(self.ghost.start, self.ghost.text)
        self.ghost = None
        return change

    def replace_lines(self, first: int, last: int, text: str) -> dict[str, Any]:
        """Replace lines ``first`` up to ``last``; the cursor goes behind them.

        Returns:
            The LSP change.
        """
        end = (last, 0) if last < len(self.lines) else (len(self.lines) - 1, len(self.lines[-1]))
        self.cursor, self.ghost = end, None
        return self._replace(min((first, 0), end), text)

    def offer(self, ghost: Ghost) -> bool:
        """Show a suggestion if it still fits the text; return whether it does."""
        shown = self._still(ghost)
        if shown is not None:
            self.ghost = shown
        return shown is not None

    def position(self, place: Place) -> dict[str, int]:
        """Return the LSP position of a place."""
        line, column = place
        encoded = self.lines[line][:column].encode(_CODEC[self._encoding])
        return {"line": line, "character": len(encoded) // _UNIT_BYTES[self._encoding]}

    def place(self, position: dict[str, int]) -> Place:
        """Return the place of an LSP position."""
        line = position["line"]
        encoded = self.lines[line].encode(_CODEC[self._encoding])
        units = encoded[: position["character"] * _UNIT_BYTES[self._encoding]]
        return line, len(units.decode(_CODEC[self._encoding]))

    def _still(self, ghost: Ghost | None) -> Ghost | None:
        """Return the ghost if the text from its start to the cursor is its beginning."""
        if ghost is None or ghost.start > self.cursor or not ghost.text:
            return None
        typed = self._between(ghost.start, self.cursor)
        fits = ghost.text.startswith(typed) and ghost.text != typed
        return ghost if fits else None

    def _between(self, start: Place, end: Place) -> str:
        lines = self.lines[start[0] : end[0] + 1]
        lines[-1] = lines[-1][: end[1]]
        lines[0] = lines[0][start[1] :]
        return "\n".join(lines)

    def _replace(self, start: Place, text: str) -> dict[str, Any]:
        """Replace the text from ``start`` to the cursor; the cursor goes behind the new text."""
        (first, column), (last, end) = start, self.cursor
        span = {"start": self.position(start), "end": self.position(self.cursor)}
        parts = (self.lines[first][:column] + text).split("\n")
        self.cursor = first + len(parts) - 1, len(parts[-1])
        parts[-1] += self.lines[last][end:]
        self.lines[first : last + 1] = parts
        self.version += 1
        return {"range": span, "text": text}
