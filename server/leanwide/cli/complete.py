"""``leanwide complete FILE:LINE:COLUMN``: one completion, from the shell."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from leanwide.cli.compose import open_workbench
from leanwide.cli.errors import BadUse
from leanwide.cli.source import read_view
from leanwide.engine.base import CancelToken
from leanwide.features.complete import Completion
from leanwide.features.complete import complete as complete_view

_PLACE = re.compile(r"(?P<file>.+):(?P<line>[0-9]+):(?P<column>[0-9]+)")


app = typer.Typer()


@app.command()
def complete(
    place: Annotated[
        str, typer.Argument(metavar="FILE:LINE:COLUMN", help="Line and column count from 1.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    experts: Annotated[int | None, typer.Option(help="Active experts of the lean lane.")] = None,
) -> None:
    """Complete at a place in a file and print what would be inserted."""
    file, line, column = _parse_place(place)
    completion = asyncio.run(_complete(file, line, column, model, experts))
    if json:
        typer.echo(msgspec.json.encode(_result(completion)).decode())
    elif completion is not None:
        typer.echo(completion.text)
    else:
        typer.echo("nothing to suggest here", err=True)


def _parse_place(place: str) -> tuple[Path, int, int]:
    match = _PLACE.fullmatch(place)
    if match is None:
        raise BadUse(f"{place!r} is not FILE:LINE:COLUMN")
    return Path(match["file"]), int(match["line"]), int(match["column"])


async def _complete(
    file: Path, line: int, column: int, model: Path | None, experts: int | None
) -> Completion | None:
    """Run the same path as the editor does: engine process, router, window, filters."""
    view = read_view(file, line, column)
    async with open_workbench(model, experts) as bench:
        return await complete_view(view, bench, CancelToken())


def _result(completion: Completion | None) -> dict[str, Any]:
    if completion is None:
        return {"text": ""}
    stats = completion.stats
    return {
        "text": completion.text,
        "mode": completion.decision.mode,
        "lane": completion.decision.lane,
        "experts": stats.experts,
        "tokens_evaluated": stats.tokens_evaluated,
        "tokens_reused": stats.tokens_reused,
        "tokens_generated": stats.tokens_generated,
        "ms": round(completion.ms, 1),
    }
