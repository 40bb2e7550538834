"""``leanwide chat``: a conversation in the shell."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Annotated, Final

import attrs
import typer

from leanwide.cli.compose import open_session
from leanwide.cli.errors import UsageError
from leanwide.cli.markdown import showing_markdown
from leanwide.cli.source import read_file, read_place
from leanwide.cli.terminal import say, say_json
from leanwide.engine.base import CancelToken, EngineError
from leanwide.features.ask.answer_stream import Show
from leanwide.features.ask.ask import Answer
from leanwide.features.ask.chat import UserMessage
from leanwide.features.ask.chat import chat as answer_message
from leanwide.features.ask.conversations import Conversations
from leanwide.features.ask.selection import Selection
from leanwide.features.cost import cost
from leanwide.features.session import Session
from leanwide.modes.profile import WIDE

_HELP: Final = """\
/about FILE or FILE:START-END   talk about this code, with the next message
/new                            forget what was said
/quit, or Ctrl-D                leave; Ctrl-C stops an answer"""

app = typer.Typer()


@app.command()
def chat(
    message: Annotated[
        str | None,
        typer.Argument(help="One message to answer. Without it: a conversation, or all of stdin."),
    ] = None,
    about: Annotated[
        str | None, typer.Option(metavar="FILE[:START-END]", help="Code that it is about.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    experts: Annotated[int | None, typer.Option(help="Active experts of the wide lane.")] = None,
) -> None:
    """Talk with the model, about code or not."""
    place = None if about is None else _place(about)
    if message is None and sys.stdin.isatty():
        if json:
            raise UsageError("--json needs a message")
        _converse(place, model, experts)
        return
    saying = UserMessage(text=sys.stdin.read() if message is None else message, about=place)
    if json:
        answer = asyncio.run(_once(saying, model, experts, lambda _: None))
        result = {"markdown": answer.markdown, **attrs.asdict(cost(answer.record))}
        say_json(result)
        return
    with showing_markdown() as show:
        asyncio.run(_once(saying, model, experts, show))


def _place(text: str) -> Selection:
    return read_file(Path(text)) if Path(text).is_file() else read_place(text)


async def _once(saying: UserMessage, model: Path | None, experts: int | None, show: Show) -> Answer:
    async with open_session(model, experts, WIDE) as session:
        return await answer_message(saying, Conversations().begin(), session, CancelToken(), show)


def _converse(place: Selection | None, model: Path | None, experts: int | None) -> None:
    """Hold a conversation; the event loop rests while the user types."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401, PLC0415  # gives input() its editing keys and its history
    with asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        try:
            opened = open_session(model, experts, WIDE)
            session = runner.run(stack.enter_async_context(opened))
            name = (
                session.backend.engine.model.name
                if session.backend.engine.model is not None
                else ""
            )
            say(f"leanwide chat with {name} · /help says what else there is")
            _Shell(runner, session, place).run()
        finally:
            runner.run(stack.aclose())


class _Shell:
    """Reads messages and commands until the user has enough."""

    def __init__(self, runner: asyncio.Runner, session: Session, place: Selection | None) -> None:
        self._runner = runner
        self._session = session
        self._talk = Conversations().begin()
        self._place = place
        """Code that the next message is about."""

    def run(self) -> None:
        """Read lines; Ctrl-C drops one, Ctrl-D and ``/quit`` leave."""
        while True:
            try:
                line = input("> ").strip()
            except KeyboardInterrupt:
                say()
                continue
            except EOFError:
                say()
                return
            if line == "/quit":
                return
            self._take(line)

    def _take(self, line: str) -> None:
        """Do what one line says."""
        command, _, rest = line.partition(" ")
        if command == "/about" and rest.strip():
            try:
                self._place = _place(rest.strip())
            except UsageError as error:
                say(str(error))
        elif command == "/new":
            self._talk = Conversations().begin()
        elif line.startswith("/"):
            say(_HELP)
        elif line:
            self._answer(UserMessage(text=line, about=self._place))
            self._place = None

    def _answer(self, saying: UserMessage) -> None:
        """Show an answer while it comes; Ctrl-C ends it, and what was shown is remembered."""
        with contextlib.suppress(KeyboardInterrupt), showing_markdown() as show:
            work = answer_message(saying, self._talk, self._session, CancelToken(), show)
            try:
                self._runner.run(work)
            except EngineError as error:
                show(f"*{error}*")
