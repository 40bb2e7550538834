"""Prints Markdown as it comes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.markdown import Markdown
from rich.segment import Segment
from rich.spinner import Spinner

from leanwide.cli.console import TextConsole
from leanwide.cli.terminal import say
from leanwide.features.ask.answer_stream import Show


@contextmanager
def showing_markdown() -> Iterator[Show]:
    """Return what prints pieces of Markdown: rendered in a terminal, unchanged in a pipe."""
    if sys.stdout.isatty():
        with LiveMarkdown() as live:
            yield live.show
    else:
        yield lambda text: say(text, end="")
        say()


class LiveMarkdown:
    """Shows the last lines of a growing text that fit the screen, and all of it at the end.

    Links are shown as text, so that the model's output contains nothing to click on.
    """

    def __init__(self) -> None:
        self._text = ""
        self._console = TextConsole()
        waiting = Spinner(self._console.spinner, "reading")
        self._live = Live(waiting, console=self._console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        """Start the display."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Print the whole text in place of the display."""
        self._live.stop()
        if self._text.strip():
            self._console.print(_rendered(self._text))

    def show(self, text: str) -> None:
        """Add text."""
        self._text += text
        if self._text.strip():
            self._live.update(_Tail(self._text))


class _Tail:
    """The last lines of Markdown that fit the screen."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(_rendered(self._text), options, pad=False)
        for line in lines[-max(1, console.height - 2) :]:
            yield from line
            yield Segment.line()


def _rendered(text: str) -> Markdown:
    return Markdown(text, hyperlinks=False)
