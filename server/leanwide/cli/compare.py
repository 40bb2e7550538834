"""``leanwide compare``: leanwide as it is set up against everything switched on."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from leanwide.cli.compose import user_layers
from leanwide.cli.fitting import placed_engine
from leanwide.cli.measuring import (
    cache_folder,
    options_of,
    print_tables,
    repository_at,
    with_bar,
)
from leanwide.cli.terminal import note, say, say_json
from leanwide.comparing.compare import Contest, compare, longest_prompt
from leanwide.comparing.energy import EnergyMeter
from leanwide.comparing.page import page
from leanwide.comparing.report import Comparison, as_data, as_tables, energy, verdict
from leanwide.engine.base import EngineError
from leanwide.models.expert_count import legal_experts, wanted_experts
from leanwide.models.gguf import read_header
from leanwide.options import Options, parse
from leanwide.options.model_files import model_path
from leanwide.tuning.repository import SampledRepository
from leanwide.tuning.results import measuring_alone
from leanwide.tuning.trial import TrialSetting

app = typer.Typer()


@app.command()
def compare_command(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A folder with your code, or one file.")
    ] = Path(),
    minutes: Annotated[float, typer.Option(min=0, help="Most time that it takes.")] = 5.0,
    to: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where compare.html and compare.json go.")
    ] = Path("leanwide-compare"),
    model: Annotated[Path | None, typer.Option(help="A GGUF file instead of the set one.")] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare your settings with "more is better" while your code is visited."""
    comparison = _measure(path, time.monotonic() + 60 * minutes, model)
    data = as_data(comparison)
    if comparison.enough:
        _write(to, comparison, msgspec.json.encode(data))
    if json:
        say_json(data)
    else:
        print_tables(*as_tables(comparison))
        say("\n".join((*verdict(comparison), *energy(comparison))))
        if reason := comparison.contest.meter.reason:
            say(f"energy: {reason}")
        if comparison.enough:
            say(f"the page is {to / 'compare.html'}")
    if not comparison.enough:
        raise EngineError(verdict(comparison)[0].rstrip("."))


def _measure(path: Path, end: float, model: Path | None) -> Comparison:
    """Measure, alone on this machine, until ``end`` by ``time.monotonic``.

    Raises:
        EngineError: The model or the repository cannot be used, or another run is under way.
    """
    options = options_of(model, user_layers())
    with measuring_alone(cache_folder() / "lock"):
        contest = contest_of(options, repository_at(path, options))
        seconds = max(0.0, end - time.monotonic())
        outcomes = with_bar(
            seconds, lambda tell: compare(contest, seconds, tell), lambda: "nothing of it is kept"
        )
    return Comparison.of(contest, outcomes)


def contest_of(options: Options, repository: SampledRepository) -> Contest:
    """Return what is compared with what, for the user's options."""
    header = read_header(model_path(options))
    experts, _ = legal_experts(header, wanted_experts(header, options.lanes.lean.experts))
    built_in, _ = parse()
    usual, ours = built_in.modes.code.context_tokens, options.modes.code.context_tokens
    return Contest(
        header=header,
        spec=placed_engine(header, options).spec,
        profiles=options.profiles,
        preferences=options.preferences,
        smart=TrialSetting(experts=experts, context_tokens=min(ours, longest_prompt(header))),
        usual_context=min(usual, longest_prompt(header)),
        repository=repository,
        index_folder=cache_folder() / "index",
        meter=EnergyMeter.at(),
        tell=cache(note),
    )


def _write(folder: Path, comparison: Comparison, data: bytes) -> None:
    """Write the page and its data into a folder.

    Raises:
        EngineError: They cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "compare.json").write_bytes(msgspec.json.format(data))
        (folder / "compare.html").write_text(page(comparison), "utf-8")
    except OSError as error:
        raise EngineError(f"{folder} cannot be written: {error.strerror}") from error
