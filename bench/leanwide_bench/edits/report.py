"""The results of edits as a table and as JSON data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import attrs
from attrs import frozen
from rich.box import SIMPLE_HEAD
from rich.table import Table

from leanwide import __version__
from leanwide_bench.edits.asking import EditResult
from leanwide_bench.replay.measure import Spread, spread


@frozen(kw_only=True)
class EditFigures:
    """The figures of one side, for one language, kind, or all."""

    side: str
    group: str
    """A language, a kind, or "all"."""
    edits: int
    refused: int
    damaged: int
    worse: int
    useful: int
    seconds: Spread | None


def figures(results: Sequence[EditResult]) -> list[EditFigures]:
    """Return figures of each side by language, by kind, and of all."""
    found: list[EditFigures] = []
    for side in dict.fromkeys(result.side for result in results):
        own = [result for result in results if result.side == side]
        groups = dict.fromkeys(name for each in own for name in (each.language, each.kind))
        for group in sorted(groups, key=lambda name: all(name != each.language for each in own)):
            chosen = [each for each in own if group in (each.language, each.kind)]
            found.append(_figures(side, group, chosen))
        found.append(_figures(side, "all", own))
    return found


def as_data(results: Sequence[EditResult], model: str, seed: int) -> dict[str, Any]:
    """Return figures, the reasons of what was not useful, and all results as JSON data."""
    reasons = Counter((result.side, result.why) for result in results if not result.useful)
    return {
        "leanwide": __version__,
        "model": model,
        "seed": seed,
        "figures": [attrs.asdict(each) for each in figures(results)],
        "reasons": [
            {"side": side, "why": why, "edits": count}
            for (side, why), count in reasons.most_common()
        ],
        "results": [attrs.asdict(result) for result in results],
    }


def as_tables(results: Sequence[EditResult]) -> tuple[Table, Table]:
    """Return a table of figures, and one of why edits were not useful."""
    table = Table(
        *("", "of", "edits", "refused", "damaging", "parses worse", "useful", "p50 s"),
        box=SIMPLE_HEAD,
        title="Edits",
    )
    for column in table.columns[2:]:
        column.justify = "right"
    for each in figures(results):
        counts = (each.edits, each.refused, each.damaged, each.worse, each.useful)
        median = f"{each.seconds.p50:,.1f}" if each.seconds else ""
        table.add_row(each.side, each.group, *map(str, counts), median)
    why = Table("", "why not useful", "edits", box=SIMPLE_HEAD)
    reasons = Counter((result.side, result.why) for result in results if not result.useful)
    for (side, reason), count in reasons.most_common():
        why.add_row(side, reason, str(count))
    return table, why


def _figures(side: str, group: str, results: Sequence[EditResult]) -> EditFigures:
    return EditFigures(
        side=side,
        group=group,
        edits=len(results),
        refused=sum(bool(result.refused) for result in results),
        damaged=sum(result.damaged for result in results),
        worse=sum(result.worse for result in results),
        useful=sum(result.useful for result in results),
        seconds=spread(result.seconds for result in results),
    )
