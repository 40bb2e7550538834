"""The ``leanwide`` program: one file per command, imported when the command is called."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from leanwide.cli.errors import UsageError
from leanwide.cli.terminal import complain, leave_closed_pipe, prepare_streams, say
from leanwide.engine.base import EngineError
from leanwide.models.gguf import ModelFileError

COMMANDS: Final = (
    "serve", "demo", "complete", "explain", "chat", "models", "tune", "compare", "bench", "stats",
    "doctor", "engine",
)  # fmt: skip
"""Every command; the module with its name in this folder holds its ``app``."""


class LazyCommands(TyperGroup):
    """Imports a command's module when the command is called: ``serve`` has to start fast."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of :data:`COMMANDS`."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a command and return it; None where there is no such command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        gc.disable()  # imports leave no garbage, and the search for it takes a tenth of their time
        try:
            module = import_module(f"{__name__}.{cmd_name}")
        finally:
            gc.enable()
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        return command


app = typer.Typer(cls=LazyCommands, add_completion=False, pretty_exceptions_enable=False)


def _print_versions(*, asked: bool) -> None:
    if asked:
        say(import_module(f"{__name__}.version").versions())
        raise typer.Exit


@app.callback(no_args_is_help=True)
def leanwide(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda asked: _print_versions(asked=asked),
            is_eager=True,
            help="Print the versions of leanwide, llama.cpp and the embedded model.",
        ),
    ] = False,
) -> None:
    """A language server that runs a Mixture-of-Experts code model on your own machine."""


def main() -> None:
    """Run the program. A failure is one line on stderr and exit code 1; wrong usage is code 2."""
    prepare_streams()
    try:
        app()
    except BrokenPipeError:
        leave_closed_pipe()
    except (EngineError, ModelFileError) as error:
        complain(error)
        sys.exit(1)
    except UsageError as error:
        complain(error)
        sys.exit(2)
