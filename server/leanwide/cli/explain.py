"""``leanwide explain FILE:START-END``: an explanation, from the shell."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import attrs
import typer

from leanwide.cli.compose import open_session
from leanwide.cli.markdown import showing_markdown
from leanwide.cli.source import read_place
from leanwide.cli.terminal import say_json
from leanwide.engine.base import CancelToken
from leanwide.features.ask.answer_stream import Show
from leanwide.features.ask.ask import Answer
from leanwide.features.ask.explain import explain as explain_place
from leanwide.features.ask.selection import Selection
from leanwide.features.cost import cost
from leanwide.modes.profile import WIDE

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
    meant = read_place(place)
    if json:
        answer = asyncio.run(_explain(meant, model, experts, lambda _: None))
        result = {"markdown": answer.markdown, **attrs.asdict(cost(answer.record))}
        say_json(result)
        return
    with showing_markdown() as show:
        asyncio.run(_explain(meant, model, experts, show))


async def _explain(place: Selection, model: Path | None, experts: int | None, show: Show) -> Answer:
    """Run the same path as the editor does: engine process, router, context, wide lane."""
    async with open_session(model, experts, WIDE) as session:
        return await explain_place(place, session, CancelToken(), show)
