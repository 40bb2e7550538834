"""``leanwide demo``: completions in a real file, and what each of them cost."""

from __future__ import annotations

import asyncio
import textwrap
from pathlib import Path
from typing import Final

import attrs
import typer
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.syntax import Syntax
from rich.text import Text

from leanwide.cli.compose import open_workbench
from leanwide.cli.source import read_view
from leanwide.context.view import View
from leanwide.engine.base import CancelToken, LaneInfo
from leanwide.features.complete import Completion, Workbench, complete

_SHOWN_BEFORE: Final = 9
"""Lines of the file shown above the cursor, and a third of them below."""
_KEYS: Final = 3
"""Keys typed after the first completion."""


app = typer.Typer()


@app.command()
def demo() -> None:
    """Complete in a file of the standard library, then type on and complete again."""
    asyncio.run(_demo())


async def _demo() -> None:
    console = Console(highlight=False)
    view = _opening_view()
    async with open_workbench(None, None) as bench:
        _introduce(console, bench)
        completion = await complete(view, bench, CancelToken())
        _show(console, "the cursor stands here", view, completion)
        for _ in range(_KEYS):
            view = _type_next(view, completion)
            completion = await complete(view, bench, CancelToken())
        _show(console, f"{_KEYS} keys later", view, completion)
        _explain(console, bench)


def _opening_view() -> View:
    """A method of the standard library's ``textwrap`` whose line is still being typed."""
    file = Path(textwrap.__file__)
    text = file.read_text("utf-8")
    needle = "        chunks = self._split_chunks(text)\n        if self.fix_sentence_endings:\n"
    line = text[: text.index(needle)].count("\n") + 2
    whole = read_view(file, line, 1)
    start = "        if "
    lines = (*whole.lines[: line - 1], f"{start}\n", *whole.lines[line:])
    return attrs.evolve(whole, lines=lines, column=len(start))


def _type_next(view: View, completion: Completion | None) -> View:
    """Type one character: the next one of the suggestion, as somebody does who agrees with it."""
    key = (completion.text if completion is not None else "x")[0]
    line = view.lines[view.line]
    typed = line[: view.column] + key + line[view.column :]
    lines = (*view.lines[: view.line], typed, *view.lines[view.line + 1 :])
    return attrs.evolve(view, lines=lines, column=view.column + 1)


def _introduce(console: Console, bench: Workbench) -> None:
    model = bench.engine.model
    lane = bench.engine.lanes[0]
    if model is not None:
        size = f"{model.size_bytes / 1e6:.0f} MB"
        console.print(f"[bold]leanwide[/] runs [bold]{model.name}[/] ({size}) on this machine.")
        console.print(f"{_lane_words(lane, model.experts)} Nothing leaves the machine.\n")


def _lane_words(lane: LaneInfo, experts: int) -> str:
    return (
        f"The {lane.name} lane uses {lane.experts} of {experts} experts per token "
        f"and was ready after {lane.load_ms:.0f} ms."
    )


def _show(console: Console, title: str, view: View, completion: Completion | None) -> None:

    console.print(
        Panel(
            _code(view, completion),
            title=f"{Path(view.path).name}, line {view.line + 1}: {title}",
            title_align="left",
            subtitle=_cost(completion),
            subtitle_align="left",
            border_style="dim",
        )
    )


def _code(view: View, completion: Completion | None) -> RenderableType:
    """The lines around the cursor, coloured, with the completion as ghost text."""
    syntax = Syntax("", "python", theme="ansi_dark", background_color="default")
    first = max(0, view.line - _SHOWN_BEFORE)
    last = view.line + 1 + _SHOWN_BEFORE // 3
    before = syntax.highlight("".join(view.lines[first : view.line]) + view.line_before)
    before.rstrip()
    after = syntax.highlight(view.line_after + "\n" + "".join(view.lines[view.line + 1 : last]))
    after.rstrip()
    blanks = len(view.line_before) - len(view.line_before.rstrip())
    ghost = Text(completion.text if completion is not None else "", style="italic bright_black")
    return Text.assemble(before, " " * blanks, ("▏", "bold yellow"), ghost, after)


def _cost(completion: Completion | None) -> str:
    if completion is None:
        return "nothing to suggest"
    stats = completion.stats
    return (
        f"mode {completion.decision.mode} · {stats.lane} lane · {stats.experts} experts · "
        f"{stats.tokens_evaluated} tokens evaluated, {stats.tokens_reused} reused, "
        f"{stats.tokens_generated} generated · {completion.ms:.0f} ms"
    )


def _explain(console: Console, bench: Workbench) -> None:
    records = bench.journal.records
    first, last = records[0], records[-1]
    console.print(
        f"\nThe first request read {first.tokens_evaluated} tokens; the last one read "
        f"{last.tokens_evaluated} and found {last.tokens_reused} in the cache:\n"
        "typing only appends to the prompt. Next: put `leanwide serve` into your editor "
        "(README.md), or look at `leanwide doctor`."
    )
