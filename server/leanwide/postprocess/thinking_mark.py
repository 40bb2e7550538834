"""An end-of-thinking mark that a model repeats in its answer."""

from __future__ import annotations

from leanwide.postprocess.markdown import missing_fence


class ClosingMarks:
    """Withholds a mark until it is clear whether the answer quotes it.

    A mark is quoted in code, and between words on its line.
    """

    def __init__(self) -> None:
        self._held = ""

    def mark(self, mark: str, before: str) -> str:
        """Add a mark after the text ``before``; return what of it to show now."""
        line = before.rpartition("\n")[2]
        if missing_fence(before) or line.count("`") % 2:
            return self.text(mark)
        if line.strip():
            self._held = mark
        return ""

    def text(self, text: str) -> str:
        """Add text; return what to show now of it and of a mark before it."""
        held, self._held = self._held + text, ""
        if held == text:
            return text
        mark = held[: len(held) - len(text)]
        rest = text.lstrip(" \t")
        if not rest:
            self._held = held
            return ""
        return rest if rest.startswith("\n") else mark + text
