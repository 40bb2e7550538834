"""What all layouts share: the place that is edited, its region, and the lines of an answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from attrs import frozen

from leanwide.engine.requests import Markup, Prompt
from leanwide.features.next_edit.event import EditEvent


@frozen
class EditRegion:
    """The lines that a model may write again, ``first`` up to, not including, ``last``."""

    first: int
    last: int


@frozen
class WrittenLines:
    """Lines of a document, ``first`` up to, not including, ``last``, and what replaces them."""

    first: int
    last: int
    lines: tuple[str, ...]
    """Without endings."""


@frozen(kw_only=True)
class EditPlace:
    """A document at one moment, with the cursor and what the user changed before."""

    path: str
    """As prompts show it."""
    lines: tuple[str, ...]
    """With LF endings, the last one included."""
    line: int
    """The cursor's, from 0; a line of the document."""
    column: int
    """The cursor's, in code points."""
    events: tuple[EditEvent, ...]
    """Newest first, of this and other documents."""
    first_lines: tuple[str, ...]
    """The document before these events, as far as they tell."""

    def spells(self, markers: Iterable[str]) -> bool:
        """Whether a text of the user spells a marker, which a model might take for one."""
        parts = [self.path, *self.lines, *self.first_lines]
        for event in self.events:
            parts += (event.path, *event.before, *event.after)
        text = "\n".join(part.rstrip("\n") for part in ("", *parts, ""))
        return any(marker in text for marker in markers)

    def region(self, above: int, below: int) -> EditRegion:
        """Return the lines around the cursor's, as far as there are so many."""
        return EditRegion(max(0, self.line - above), min(len(self.lines), self.line + 1 + below))

    def before_cursor(self, region: EditRegion) -> str:
        """Return the text of a region up to the cursor."""
        return self.text(region.first, self.line) + self.lines[self.line][: self.column]

    def after_cursor(self, region: EditRegion) -> str:
        """Return the text of a region from the cursor on."""
        return self.lines[self.line][self.column :] + self.text(self.line + 1, region.last)

    def text(self, first: int, last: int) -> str:
        """Return the text of some lines."""
        return "".join(self.lines[first:last])


@frozen(kw_only=True)
class EditPrompt:
    """What a model is asked."""

    prompt: Prompt = ()
    question: str = ""
    """In place of a prompt: what a chat model is asked, after the system prompt for next edits."""
    stops: tuple[str, ...] = ()
    """Texts that end an answer."""
    draft: str = ""
    """What the answer is likely to repeat."""
    max_tokens: int = 512


class EditLayout(Protocol):
    """How one kind of model is asked, and what its answer means. Pure."""

    def prompt(self, place: EditPlace) -> EditPrompt | None:
        """Return what the model reads; None where a text could be taken for a marker."""

    def parse(self, answer: str, place: EditPlace) -> WrittenLines | None:
        """Return what an answer with LF endings changes; None where that is nothing."""


def marked_up(pieces: Iterable[str | Markup]) -> Prompt:
    """Return a prompt with neighbouring texts joined: each piece is tokenized on its own."""
    joined: list[str | int | Markup] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(last := joined[-1], str):
            joined[-1] = last + piece
        elif piece != "":
            joined.append(piece)
    return tuple(joined)


def rewritten(text: str, region: EditRegion, place: EditPlace) -> WrittenLines | None:
    """Return what a region becomes; None where a text says the same, or nothing at all.

    Models leave out or add blank lines at the end: the region's own stay.
    """
    if not text.strip():
        return None
    own = place.text(region.first, region.last)
    if text.rstrip() == own.rstrip():
        return None
    ending = own[len(own.rstrip("\n")) :] or "\n"
    lines = (text.rstrip("\n") + ending).removesuffix("\n").split("\n")
    return WrittenLines(region.first, region.last, tuple(lines))
