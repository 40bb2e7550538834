"""The console for tables and Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from leanwide.cli.terminal import plain


class TextConsole(Console):
    """A console that prints the program's styles, but no control characters of a text."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Render as any console does."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(plain(segment.text), segment.style)

    @property
    def spinner(self) -> str:
        """Name of a spinner that the terminal can show."""
        return "dots" if self.encoding.startswith("utf") else "line"
