"""A progress bar for work with a time limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn

from leanwide.cli.console import TextConsole

Show = Callable[[str, float], None]
"""Shows what is being done, and the seconds left at most."""


@contextmanager
def time_bar(seconds: float) -> Iterator[Show]:
    """Show a bar on stderr during the work."""
    columns = (BarColumn(), TextColumn("{task.fields[left]}"), TextColumn("{task.description}"))
    # Twice a second: drawing must take no time from what is measured.
    with Progress(
        *columns, console=TextConsole(stderr=True), refresh_per_second=2, transient=True
    ) as bar:
        task = bar.add_task("starting", total=max(seconds, 1e-9), left="")

        def show(doing: str, left: float) -> None:
            minutes, rest = divmod(round(left), 60)
            bar.update(
                task,
                completed=seconds - left,
                description=doing,
                left=f"{minutes}:{rest:02} left at most",
            )

        yield show
