"""``leanwide explain FILE:START-END``: an explanation, from the shell."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import attrs
import msgspec
import typer

from leanwide.cli.compose import open_workbench
from leanwide.cli.errors import BadUse
from leanwide.cli.markdown import LiveMarkdown
from leanwide.cli.source import read_view
from leanwide.engine.base import CancelToken
from leanwide.features.cost import cost
from leanwide.features.explain import explain as explain_place
from leanwide.features.place import Place
from leanwide.features.wide import Answer, Show
from leanwide.modes.profile import WIDE
from leanwide.syntax import Position

_PLACE = re.compile(r"(?P<file>.+):(?P<start>[0-9]+)(?:-(?P<end>[0-9]+))?")


app = typer.Typer()


@app.command()
def explain(
    place: Annotated[
        str,
        typer.Argument(
            metavar="FILE:START-END",
            help="Lines count from 1. FILE:LINE is the definition that the line belongs to.",
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    experts: Annotated[int | None, typer.Option(help="Active experts of the wide lane.")] = None,
) -> None:
    """Explain lines of a file, in Markdown."""
    meant = _read_place(place)
    if json:
        answer = asyncio.run(_explain(meant, model, experts, lambda _: None))
        result = {"markdown": answer.markdown, **attrs.asdict(cost(answer.record))}
        typer.echo(msgspec.json.encode(result).decode())
        return
    with _terminal() if sys.stdout.isatty() else _pipe() as show:
        asyncio.run(_explain(meant, model, experts, show))


def _read_place(text: str) -> Place:
    match = _PLACE.fullmatch(text)
    if match is None:
        raise BadUse(f"{text!r} is not FILE:START-END")
    file, start = Path(match["file"]), int(match["start"])
    view = read_view(file, start, 1)
    if match["end"] is None:
        line = view.current_line
        view = read_view(file, start, 1 + len(line) - len(line.lstrip()))
        return Place(view=view, end=Position(view.line, view.column))
    end = int(match["end"])
    if end < start:
        raise BadUse(f"{text!r} ends before it starts")
    last = read_view(file, end, 1)
    return Place(view=view, end=Position(end - 1, len(last.current_line)))


async def _explain(place: Place, model: Path | None, experts: int | None, show: Show) -> Answer:
    """Run the same path as the editor does: engine process, router, context, wide lane."""
    async with open_workbench(model, experts, WIDE) as bench:
        return await explain_place(place, bench, CancelToken(), show)


@contextmanager
def _pipe() -> Iterator[Show]:
    """Print the text as it comes."""
    yield lambda text: typer.echo(text, nl=False)
    typer.echo()


@contextmanager
def _terminal() -> Iterator[Show]:
    """Show Markdown as it comes, its end while it is longer than the screen, then all of it."""
    with LiveMarkdown() as live:
        yield live.show
