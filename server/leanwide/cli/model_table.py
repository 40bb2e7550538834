"""The table of recommended models, with what fits this machine, for ``models list``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table


def print_listing(console: Console, data: Mapping[str, Any]) -> None:
    """Print the table, what was pulled besides, and the advice; 80 columns hold all of it."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("model", overflow="fold")
    table.add_column("file", justify="right")
    table.add_column("memory", justify="right")
    for title in ("lanes", "licence", "fits"):
        table.add_column(title)
    for row in data["models"]:
        table.add_row(
            row["name"],
            f"{row['size_bytes'] / 1e9:.1f}",
            f"{row['needed_bytes'] / 1e9:.1f}",
            ", ".join(row["lanes"]),
            row["licence"],
            _fits(row),
        )
    console.print(table)
    console.print(_legend(data["models"]), style="dim")
    for file in data["others"]:
        console.print(f"also here: {file}", markup=False, soft_wrap=True)
    console.print(f"\n{data['advice']}", markup=False)
    console.print("`leanwide models pull NAME` brings one.", style="dim")


def _fits(row: Mapping[str, Any]) -> str:
    match row:
        case {"fits": False, "fits_gpu": False}:
            return "[red]no[/]"
        case {"path": str()}:
            return "[green]pulled[/]"
        case {"fits_gpu": True}:
            return "[green]card[/]"
        case {"fits_free": False}:
            return "[yellow]crowded[/]"
        case _:
            return "[green]yes[/]"


def _legend(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what the columns mean, as far as they show it."""
    meanings = ["Sizes in GB; memory: with the lanes"]
    if any(row["fits_gpu"] for row in rows):
        meanings.append("card: whole on the graphics card")
    if any(row["fits"] and not row["fits_free"] for row in rows):
        meanings.append("crowded: once other programs are closed")
    return "; ".join(meanings) + "."
