"""The answer to a question while it is generated."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from leanwide.engine.requests import Piece
from leanwide.models.answer_marks import CLOSINGS
from leanwide.postprocess.markdown import missing_fence, printable
from leanwide.postprocess.markup import is_markup
from leanwide.postprocess.repetition import loop_start
from leanwide.postprocess.thinking_mark import ClosingMarks

Show = Callable[[str], None]
"""Takes the next part of an answer's Markdown."""


class AnswerStream:
    """Collects the text of an answer and shows it, without thinking, markup and control codes.

    Args:
        show: Takes what is shown.
        is_complete: Whether nothing that is wanted can follow a text.
        known: Texts that the answer may repeat, with what repeats itself in them.
    """

    def __init__(
        self,
        show: Show,
        is_complete: Callable[[str], bool] = lambda _: False,
        known: Sequence[str] = (),
    ) -> None:
        self.text = ""
        self.looping = False
        """The text ends in a loop, which a weak model never leaves."""
        self.complete = False
        """Nothing that is wanted can follow."""
        self._show = show
        self._is_complete = is_complete
        self._known = known
        self._thought = False
        self._closing = ClosingMarks()

    @property
    def ended(self) -> bool:
        """Whether the generation should be cancelled."""
        return self.looping or self.complete

    def add(self, piece: Piece) -> None:
        """Add the engine's next piece."""
        if piece.thought:
            self._thought = True
        elif self.ended:
            return
        elif piece.special and self._thought and piece.text.strip() in CLOSINGS:
            self.write(self._closing.mark(piece.text, self.text))
        elif not (piece.special and self._is_markup(piece.text)):
            self.write(self._closing.text(piece.text))

    def _is_markup(self, token: str) -> bool:
        """Whether a special token is markup here; in code and within a line it is quoted."""
        alone = not self.text.rpartition("\n")[2].strip()
        return alone and is_markup(token) and not missing_fence(self.text)

    def write(self, text: str) -> None:
        """Add text and show it, without control characters that could act on a terminal."""
        if text := printable(text):
            self.text += text
            self.looping = loop_start(self.text, self._known) is not None
            self.complete = self._is_complete(self.text)
            self._show(text)
