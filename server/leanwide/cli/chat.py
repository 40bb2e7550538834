"""``leanwide chat``: talks with the model in the shell."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from leanwide.cli.answering import print_answer
from leanwide.cli.compose import open_session
from leanwide.cli.errors import UsageError
from leanwide.cli.markdown import showing_markdown
from leanwide.cli.source import read_file, read_place
from leanwide.cli.terminal import say
from leanwide.engine.base import EngineError
from leanwide.engine.requests import CancelToken
from leanwide.features.ask.chat import UserMessage
from leanwide.features.ask.chat import chat as answer_message
from leanwide.features.ask.conversations import Conversations
from leanwide.features.ask.selection import Selection
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
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    experts: Annotated[int | None, typer.Option(help="Active experts of the wide lane.")] = None,
) -> None:
    """Talk with the model, about code or not."""
    selection = None if about is None else _selection(about)
    if message is None and sys.stdin.isatty():
        if json:
            raise UsageError("--json needs a message")
        _converse(selection, model, experts)
        return
    asked = UserMessage(text=sys.stdin.read() if message is None else message, about=selection)
    talk = Conversations().begin()
    print_answer(
        lambda session, show: answer_message(asked, talk, session, CancelToken(), show),
        model,
        experts,
        json=json,
    )


def _selection(text: str) -> Selection:
    is_file = os.path.isfile(text)  # noqa: PTH113  # Path.is_file raises for too long a name
    return read_file(Path(text)) if is_file else read_place(text)


def _converse(selection: Selection | None, model: Path | None, experts: int | None) -> None:
    """Hold a conversation; the event loop does not run while the user types."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401, PLC0415  # gives input() its editing keys and its history
    with asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        try:
            opened = open_session(model, experts, WIDE)
            session = runner.run(stack.enter_async_context(opened))
            loaded = session.backend.engine.model(WIDE)
            name = loaded.name if loaded is not None else ""
            say(f"leanwide chat with {name} · /help says what else there is")
            _Shell(runner, session, selection).run()
        finally:
            runner.run(stack.aclose())


class _Shell:
    """Reads messages and commands until the user quits."""

    def __init__(
        self, runner: asyncio.Runner, session: Session, selection: Selection | None
    ) -> None:
        self._runner = runner
        self._session = session
        self._talk = Conversations().begin()
        self._about = selection
        """Code that the next message is about."""

    def run(self) -> None:
        """Read lines; Ctrl-C drops a line, Ctrl-D and ``/quit`` end the conversation."""
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
            self._run_line(line)

    def _run_line(self, line: str) -> None:
        """Run a command, or answer a message."""
        command, _, rest = line.partition(" ")
        if command == "/about" and rest.strip():
            try:
                self._about = _selection(rest.strip())
            except UsageError as error:
                say(str(error))
        elif command == "/new":
            self._talk = Conversations().begin()
        elif line.startswith("/"):
            say(_HELP)
        elif line:
            self._answer(UserMessage(text=line, about=self._about))
            self._about = None

    def _answer(self, message: UserMessage) -> None:
        """Show an answer as it comes; Ctrl-C stops it, and the history keeps what was shown."""
        with contextlib.suppress(KeyboardInterrupt), showing_markdown() as show:
            work = answer_message(message, self._talk, self._session, CancelToken(), show)
            try:
                self._runner.run(work)
            except EngineError as error:
                show(f"*{error}*")
