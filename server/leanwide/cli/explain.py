"""``leanwide explain FILE:START-END``: explains code in the shell."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leanwide.cli.answering import print_answer
from leanwide.cli.source import read_place
from leanwide.engine.requests import CancelToken
from leanwide.features.ask.explain import explain as explain_place

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
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    experts: Annotated[int | None, typer.Option(help="Active experts of the wide lane.")] = None,
) -> None:
    """Explain lines of a file, in Markdown."""
    selection = read_place(place)
    print_answer(
        lambda session, show: explain_place(selection, session, CancelToken(), show),
        model,
        experts,
        json=json,
    )
