"""``leanwide bench answers``: explanations under several system prompts, judged by a rule."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import attrs
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from leanwide.cli.errors import UsageError
from leanwide.cli.measuring import print_tables
from leanwide.cli.terminal import say_json
from leanwide.cli.timebar import time_bar
from leanwide.engine.base import EngineError
from leanwide.prompt.texts import built_in_texts
from leanwide_bench.answers.asking import JudgedAnswer, ask
from leanwide_bench.edits.tasks import EditKind, draw

_SECONDS_AN_ANSWER: Final = 15.0
"""First estimate for the progress bar."""


def bench_answers(  # noqa: PLR0913  # an option each
    *,
    files: Annotated[Path, typer.Option(help="A folder of Python; scripts/fetch_sources.py.")],
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    text: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Another system prompt, beside the built-in and none."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Functions to explain.")] = 8,
    tokens: Annotated[int, typer.Option(min=16, help="Most tokens of an answer.")] = 320,
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws other functions.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Have functions explained under each system prompt, and count the good explanations."""
    # Every fifth place is drawn for a test, which is what has no leading underscore.
    drawn = draw(files, {"python": 5 * count}, seed)
    tasks = [task for task in drawn if task.kind is EditKind.TEST][:count]
    if not tasks:
        raise UsageError(f"{files} has no Python function of 4 to 30 lines")
    texts = {"built-in": built_in_texts()["explain"], "none": ""}
    texts |= {file.stem: file.read_text("utf-8").strip() for file in text or ()}
    seconds = _SECONDS_AN_ANSWER * len(tasks) * len(texts)
    try:
        with time_bar(seconds) as show:
            judged = asyncio.run(
                ask(
                    model,
                    texts,
                    tasks,
                    tokens,
                    lambda doing, share: show(doing, seconds * (1 - share)),
                )
            )
    except KeyboardInterrupt:
        raise EngineError("stopped: no result is kept") from None
    if json:
        say_json(_as_data(judged))
    else:
        print_tables(_as_table(judged))


def _as_data(judged: Sequence[JudgedAnswer]) -> dict[str, Any]:
    return {
        "answers": [{**attrs.asdict(each), "good": each.verdict.good} for each in judged],
        "figures": [
            dict(zip(("text", *_COLUMNS), (name, *_row(judged, name)), strict=True))
            for name in dict.fromkeys(each.text for each in judged)
        ],
    }


_COLUMNS: Final = ("answers", "good", "on topic", "repeating", "ended by itself", "median words")


def _as_table(judged: Sequence[JudgedAnswer]) -> Table:
    table = Table("system prompt", *_COLUMNS, box=SIMPLE_HEAD, title="Explanations")
    for column in table.columns[1:]:
        column.justify = "right"
    for name in dict.fromkeys(each.text for each in judged):
        table.add_row(name, *map(str, _row(judged, name)))
    return table


def _row(judged: Sequence[JudgedAnswer], name: str) -> tuple[int, ...]:
    verdicts = [each.verdict for each in judged if each.text == name]
    return (
        len(verdicts),
        sum(verdict.good for verdict in verdicts),
        sum(verdict.on_topic for verdict in verdicts),
        sum(verdict.repeats for verdict in verdicts),
        sum(verdict.ends for verdict in verdicts),
        round(median(verdict.words for verdict in verdicts)),
    )
