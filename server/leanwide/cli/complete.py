"""``leanwide complete FILE:LINE:COLUMN``: one completion in the shell."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Annotated

import typer

from leanwide.cli.compose import open_session
from leanwide.cli.errors import UsageError
from leanwide.cli.source import read_view
from leanwide.cli.terminal import note, say, say_json
from leanwide.engine.requests import CancelToken
from leanwide.features.completion.complete import complete as complete_view
from leanwide.features.completion.request import InlineRequest
from leanwide.features.completion.state import CompletionState
from leanwide.features.journal import Record

_PLACE = re.compile(r"(?P<file>.+):(?P<line>[0-9]+):(?P<column>[0-9]+)")


app = typer.Typer()


@app.command()
def complete(
    place: Annotated[
        str, typer.Argument(metavar="FILE:LINE:COLUMN", help="Line and column count from 1.")
    ],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    experts: Annotated[int | None, typer.Option(help="Active experts of the lean lane.")] = None,
) -> None:
    """Complete at a place in a file and print what would be inserted."""
    match = _PLACE.fullmatch(place)
    if match is None:
        raise UsageError(f"{place!r} is not FILE:LINE:COLUMN")
    file, line, column = Path(match["file"]), int(match["line"]), int(match["column"])
    text, record = asyncio.run(_complete(file, line, column, model, experts))
    if json:
        say_json(
            {
                "text": text,
                "mode": record.mode,
                "lane": record.lane,
                "experts": record.experts,
                "tokens_evaluated": record.tokens_evaluated,
                "tokens_reused": record.tokens_reused,
                "tokens_generated": record.tokens_generated,
                "ms": record.ms["total"],
            }
        )
    elif text:
        say(text)
    else:
        note(f"nothing to suggest here: {record.reason}")


async def _complete(
    file: Path, line: int, column: int, model: Path | None, experts: int | None
) -> tuple[str, Record]:
    """Complete as for an editor: engine process, router, window, filters."""
    request = InlineRequest(read_view(file, line, column), by_hand=True)
    async with open_session(model, experts) as session:
        text = await complete_view(request, CompletionState(session=session), CancelToken())
        return text, session.journal.records[-1]
