"""A closing mark of thinking that a model says once more, in the midst of its answer."""

from __future__ import annotations

from leanwide.postprocess.markdown import missing_fence


class ClosingMarks:
    """Holds a mark back until it is clear whether the answer speaks of it.

    It does in code, and where words stand around it on its line.
    """

    def __init__(self) -> None:
        self._held = ""

    def mark(self, mark: str, before: str) -> str:
        """Take a mark; give what of it is shown behind the text ``before``."""
        line = before.rpartition("\n")[2]
        if missing_fence(before) or line.count("`") % 2:
            return self.text(mark)
        if line.strip():
            self._held = mark
        return ""

    def text(self, text: str) -> str:
        """Take text; give what is shown of it and of a mark before it."""
        held, self._held = self._held + text, ""
        if held == text:
            return text
        mark = held[: len(held) - len(text)]
        rest = text.lstrip(" \t")
        if not rest:
            self._held = held
            return ""
        return rest if rest.startswith("\n") else mark + text
