"""``leanwide bench drafts``: what drafting the answer of an edit from its code is worth."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from leanwide.cli.compose import check_experts, model_spec, user_layers
from leanwide.cli.console import TextConsole
from leanwide.cli.errors import UsageError
from leanwide.cli.measuring import options_of, print_tables
from leanwide.cli.terminal import say_json
from leanwide.engine.base import EngineError
from leanwide.models.expert_count import EXPERTS_KEY
from leanwide.models.gguf import ModelFileError, read_header
from leanwide.models.gguf_header import GgufHeader
from leanwide_bench.drafts.edits import edit_tasks, measure_edits
from leanwide_bench.drafts.forced import measure_forced
from leanwide_bench.drafts.report import as_data, as_tables


def drafts(
    *,
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    experts: Annotated[
        str, typer.Option(metavar="N,N…", help="Expert counts; by default the trained one.")
    ] = "",
    tokens: Annotated[
        int,
        typer.Option(min=0, help="Tokens of answers with forced drafts; 0: no such answers."),
    ] = 900,
    edits: Annotated[
        int, typer.Option(min=0, help="Edits of functions of the standard library.")
    ] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Another seed takes other functions.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure answers with forced shares of right drafts, and real edits with and without drafts.

    For a model of random weights ask for no edits.
    """
    options = options_of(model, user_layers())
    spec = model_spec(options)
    console = TextConsole(stderr=True)
    try:
        counts = _counts(experts, read_header(spec.model_path))
        with console.status("starting", spinner=console.spinner, refresh_per_second=2) as status:
            forced = measure_forced(spec, counts, tokens, status.update) if tokens else None
            tasks = edit_tasks(edits, seed)
            speeds = asyncio.run(measure_edits(spec, options, tasks, status.update))
    except ModelFileError as error:
        raise EngineError(str(error)) from error
    if json:
        say_json(as_data(forced, speeds))
    else:
        print_tables(*as_tables(forced, speeds))


def _counts(text: str, header: GgufHeader) -> list[int]:
    """Return the given expert counts.

    Raises:
        UsageError: They are no numbers.
        EngineError: The model does not have so many experts.
    """
    if not text:
        return [header.number(EXPERTS_KEY)]
    try:
        counts = [int(part) for part in text.split(",")]
    except ValueError as error:
        raise UsageError(f"--experts {text!r} is no list of numbers such as 2,4,8") from error
    for count in counts:
        check_experts(header, count)
    return counts
