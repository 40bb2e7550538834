"""Runs one question for a command and prints the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import attrs

from leanwide.cli.compose import open_session
from leanwide.cli.markdown import showing_markdown
from leanwide.cli.terminal import say_json
from leanwide.features.ask.answer_stream import Show
from leanwide.features.ask.ask import Answer
from leanwide.features.cost import cost
from leanwide.features.session import Session
from leanwide.modes.profile import WIDE

Ask = Callable[[Session, Show], Coroutine[Any, Any, Answer]]
"""Asks the model, and shows its answer as it comes."""


def print_answer(ask: Ask, model: Path | None, experts: int | None, *, json: bool) -> None:
    """Load the model, ask once, and print Markdown as it comes, or one JSON object at the end.

    Raises:
        EngineError: The model cannot be loaded, or has no such expert count.
    """

    async def run(show: Show) -> Answer:
        async with open_session(model, experts, WIDE) as session:
            return await ask(session, show)

    if json:
        answer = asyncio.run(run(lambda _: None))
        say_json({"markdown": answer.markdown, **attrs.asdict(cost(answer.record))})
        return
    with showing_markdown() as show:
        asyncio.run(run(show))
