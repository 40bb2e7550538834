"""``leanwide stats``: how many suggestions and edits were shown, accepted and kept."""

from __future__ import annotations

from typing import Annotated, Final

import attrs
import typer
from rich.table import Table

from leanwide.cli.compose import user_layers
from leanwide.cli.measuring import print_tables
from leanwide.cli.terminal import say, say_json
from leanwide.engine.base import EngineError
from leanwide.features.acceptance.counts import (
    MAX_DAYS,
    AcceptanceCounts,
    ShownKind,
    Tally,
    last,
    today,
    total,
)
from leanwide.features.acceptance.counts_file import CountsFile, rows
from leanwide.options import parse

app = typer.Typer()

_NOTHING: Final = "nothing was counted in the last {} days; an editor's servers write every 10 s"
_OFF: Final = "counting is off: statistics.keep = false in your settings"


@app.command()
def stats(
    days: Annotated[
        int, typer.Option(min=1, max=MAX_DAYS, help="Days to add up, of which today is one.")
    ] = 30,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Delete all counts.")] = False,
) -> None:
    """Show how many suggestions and edits were shown, accepted and kept, on this machine only."""
    file = CountsFile()
    if reset:
        try:
            file.delete()
        except OSError as error:
            raise EngineError(f"{file.path} cannot be deleted: {error.strerror}") from error
    tally = total(last(file.read(), days, today()).values())
    keeping = parse(*user_layers()[0])[0].statistics.keep
    if json:
        counts = [attrs.asdict(row) for row in rows(tally)]
        say_json({"keeping": keeping, "days": days, "counts": counts})
        return
    if tally:
        print_tables(_table(tally, days))
    else:
        say(_NOTHING.format(days))
    if not keeping:
        say(_OFF)


def _table(tally: Tally, days: int) -> Table:
    table = Table(title=f"the last {days} days", title_justify="left", box=None, pad_edge=False)
    for name in ("language", "what", "mode"):
        table.add_column(name)
    for name in ("shown", "accepted", "kept after 30 s"):
        table.add_column(name, justify="right")
    for row in rows(tally):
        kept = "" if row.kept is None else _share(row.kept, row.accepted)
        accepted = _share(row.accepted, row.shown)
        table.add_row(row.language, row.kind, row.mode, f"{row.shown:,}", accepted, kept)
    suggestions = [counts for group, counts in tally.items() if group.kind is ShownKind.SUGGESTION]
    if len(suggestions) > 1:
        every = sum(suggestions, AcceptanceCounts())
        accepted, kept = _share(every.accepted, every.shown), _share(every.kept, every.accepted)
        table.add_row("all", ShownKind.SUGGESTION, "", f"{every.shown:,}", accepted, kept)
    return table


def _share(part: int, whole: int) -> str:
    """Return a number, and which share of another one it is."""
    return f"{part:,} ({part / whole:4.0%})" if whole else f"{part:,}"
