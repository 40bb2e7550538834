"""``leanwide bench jumps``: what a jump to another function of an open file costs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from leanwide.cli.compose import argument_layer, check_experts, user_layers
from leanwide.cli.errors import UsageError
from leanwide.cli.measuring import options_of, print_tables
from leanwide.cli.source import read_view
from leanwide.cli.timebar import time_bar
from leanwide.context.view import with_lf
from leanwide.engine.base import EngineError
from leanwide.models.gguf import read_header
from leanwide.options.model_files import model_path
from leanwide.syntax import Language, language_for, parse, split
from leanwide_bench.cli.completing import check_completes
from leanwide_bench.jumps.asking import JumpsOutcome, JumpsPlan, jump
from leanwide_bench.jumps.places import FunctionPlace, function_places
from leanwide_bench.jumps.report import as_data, as_table
from leanwide_bench.replay.rpc import ReplayError
from leanwide_bench.replay.session import SERVE, ServerSetup


def bench_jumps(  # noqa: PLR0913  # an option each
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Code with some functions.")],
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    experts: Annotated[int | None, typer.Option(help="Active experts of the lean lane.")] = None,
    open_s: Annotated[
        float,
        typer.Option("--open", min=0, help="Seconds the file is open before the first jump."),
    ] = 60.0,
    pause: Annotated[
        float, typer.Option(min=0, help="Seconds from an answer to the next jump.")
    ] = 10.0,
    leave: Annotated[
        float, typer.Option(min=0, help="Seconds from the last answer to the end of the server.")
    ] = 30.0,
    count: Annotated[int, typer.Option(min=1, help="Functions to jump to.")] = 20,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the figures and all answers.")
    ] = None,
) -> None:
    """Open a file, jump to its functions, and complete a new line there; then come back to it."""
    options = options_of(model, user_layers())
    check_completes(options)
    if experts is not None:
        check_experts(read_header(model_path(options)), experts)
    language, text = _read(file)
    plan = JumpsPlan(
        setup=ServerSetup(command=SERVE, settings=argument_layer(model, experts).values),
        name=file.name,
        language=min(language.ids),
        text=text,
        places=_places(file, language, text, count),
        open_s=open_s,
        pause_s=pause,
        leave_s=leave,
    )
    outcome = _jumped(plan)
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(as_data(outcome)), indent=2))
    print_tables(as_table(outcome))


def _jumped(plan: JumpsPlan) -> JumpsOutcome:
    try:
        with time_bar(plan.seconds) as show:
            return asyncio.run(jump(plan, show))
    except ReplayError as error:
        raise EngineError(str(error)) from error


def _read(file: Path) -> tuple[Language, str]:
    """Return the language and the text of a file, with LF endings.

    Raises:
        UsageError: It cannot be read, or its language has no grammar.
    """
    language = language_for("", str(file))
    if language is None:
        raise UsageError(f"{file} is in no language whose functions are found")
    return language, with_lf("".join(read_view(file, 1, 1).lines))


def _places(file: Path, language: Language, text: str, count: int) -> Sequence[FunctionPlace]:
    """Return the place where the cursor rests at first, and those to jump to.

    Raises:
        UsageError: The file has fewer than two functions.
    """
    found = function_places(parse(language, split(text)), count + 1)
    if len(found) < 2:
        raise UsageError(f"{file} has no two functions to jump between")
    return found
