"""``leanwide demo``: completions in a real file, and what each one cost."""

from __future__ import annotations

import asyncio
import textwrap
from pathlib import Path
from typing import Final

import attrs
import typer
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.syntax import Syntax
from rich.text import Text

from leanwide.cli.compose import open_session
from leanwide.cli.console import TextConsole
from leanwide.cli.source import read_view
from leanwide.context.view import View
from leanwide.engine.requests import CancelToken
from leanwide.features.completion.complete import complete
from leanwide.features.completion.request import InlineRequest
from leanwide.features.completion.state import CompletionState
from leanwide.features.journal import AnswerSource, Record
from leanwide.features.session import Session

_SHOWN_BEFORE: Final = 9
"""Lines of the file shown above the cursor, and a third of them below."""
_KEYS: Final = 3
"""Keys typed after the first completion."""


app = typer.Typer()


@attrs.frozen
class DemoCompletion:
    """A completion as the demo shows it."""

    view: View
    text: str
    record: Record


@app.command()
def demo() -> None:
    """Complete in a file of the standard library, then type on and complete again."""
    asyncio.run(_demo())


async def _demo() -> None:
    console = TextConsole(highlight=False)
    view = _opening_view()
    async with open_session(None, None) as session:
        state = CompletionState(session=session)
        _introduce(console, session)
        text = await _complete(view, state)
        _show(console, "the cursor stands here", _completion(view, text, session))
        for _ in range(_KEYS):
            view = view.with_inserted("x" if not text else text[0])
            text = await _complete(view, state)
        _show(console, f"{_KEYS} keys later", _completion(view, text, session))
        view = view.with_inserted("_")
        text = await _complete(view, state)
        _show(console, "a key that the model did not expect", _completion(view, text, session))
        _explain(console, session)


def _completion(view: View, text: str, session: Session) -> DemoCompletion:
    return DemoCompletion(view, text, session.journal.records[-1])


async def _complete(view: View, state: CompletionState) -> str:
    return await complete(InlineRequest(view), state, CancelToken())


def _opening_view() -> View:
    """Return the standard library's ``textwrap`` with the cursor in an unfinished line."""
    file = Path(textwrap.__file__)
    text = file.read_text("utf-8")
    needle = "        chunks = self._split_chunks(text)\n        if self.fix_sentence_endings:\n"
    line = text[: text.index(needle)].count("\n") + 2
    whole = read_view(file, line, 1)
    start = "        if "
    lines = (*whole.lines[: line - 1], f"{start}\n", *whole.lines[line:])
    return attrs.evolve(whole, lines=lines, column=len(start))


def _introduce(console: Console, session: Session) -> None:
    model = session.typing_model
    lane = session.backend.engine.lanes[0]
    if model is not None:
        size = f"{model.size_bytes / 1e6:.0f} MB"
        console.print(
            f"[bold]leanwide[/] runs [bold]{escape(model.name)}[/] ({size}) on this machine."
        )
        share = f"{lane.experts} of {model.experts} experts" if model.experts else "the whole model"
        console.print(
            f"The {lane.name} lane uses {share} per token and was ready after "
            f"{lane.load_ms:.0f} ms. Nothing leaves the machine.\n"
        )


def _show(console: Console, title: str, shown: DemoCompletion) -> None:
    view = shown.view
    console.print(
        Panel(
            _code(view, shown.text),
            title=f"{Path(view.path).name}, line {view.line + 1}: {title}",
            title_align="left",
            subtitle=_cost(shown.record),
            subtitle_align="left",
            border_style="dim",
        )
    )


def _code(view: View, text: str) -> RenderableType:
    """Return the lines around the cursor, highlighted, with the completion as ghost text."""
    syntax = Syntax("", "python", theme="ansi_dark", background_color="default")
    first = max(0, view.line - _SHOWN_BEFORE)
    last = view.line + 1 + _SHOWN_BEFORE // 3
    before = syntax.highlight("".join(view.lines[first : view.line]) + view.line_before)
    before.rstrip()
    after = syntax.highlight(view.line_after + "\n" + "".join(view.lines[view.line + 1 : last]))
    after.rstrip()
    blanks = len(view.line_before) - len(view.line_before.rstrip())
    ghost = Text(text, style="italic bright_black")
    return Text.assemble(before, " " * blanks, ("▏", "bold yellow"), ghost, after)


def _cost(record: Record) -> str:
    if record.source is not AnswerSource.MODEL:
        return f"typed through: the model did nothing · {record.ms['total']:.1f} ms"
    return (
        f"{record.mode} · {record.lane} lane · {record.experts} experts · "
        f"{record.tokens_evaluated} tokens evaluated, {record.tokens_reused} reused · "
        f"{record.ms['total']:.0f} ms"
    )


def _explain(console: Console, session: Session) -> None:
    records = session.journal.records
    first, last = records[0], records[-1]
    console.print(
        f"\nThe first request evaluated {first.tokens_evaluated} tokens, the last one "
        f"{last.tokens_evaluated}: {last.tokens_reused} were in the cache, because typing only "
        "appends to the prompt. Next: put `leanwide serve` into your editor (README.md), or look "
        "at `leanwide doctor`."
    )
