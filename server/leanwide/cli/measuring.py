"""What the measuring commands share: options, repository, progress, tables."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Final, TypeVar

from platformdirs import user_cache_path
from rich.table import Table

from leanwide.cli.compose import Layers, argument_layer
from leanwide.cli.console import TextConsole
from leanwide.cli.errors import UsageError
from leanwide.cli.terminal import complain
from leanwide.cli.timebar import time_bar
from leanwide.engine.base import EngineError
from leanwide.options import Options, parse
from leanwide.tuning.repository import SampledRepository, read_repository
from leanwide.tuning.tune import TuningProgress

_TABLE_WIDTH: Final = 150
"""Width of tables in columns, where the output is no terminal."""

Found = TypeVar("Found")
Measure = Callable[[Callable[[TuningProgress], None]], Coroutine[None, None, Found]]
"""Measures, and reports its progress to its argument."""


def cache_folder() -> Path:
    """Return the folder of measurements, with the lock that allows one run at a time."""
    return user_cache_path("leanwide") / "tune"


def options_of(model: Path | None, layers: Layers) -> Options:
    """Return the options of layers, with the command line's model; print problems on stderr."""
    options, found = parse(*layers[0], argument_layer(model, None))
    for problem in (*layers[1], *found):
        complain(problem)
    return options


def repository_at(path: Path, options: Options) -> SampledRepository:
    """Return holes drawn from the code under a path.

    Raises:
        UsageError: There is no such path.
        EngineError: It has no holes.
    """
    if not os.path.exists(path):  # noqa: PTH110  # Path.exists raises for too long a name
        raise UsageError(f"{path} does not exist: give a folder with your code")
    repository = read_repository(path, options.files.exclude)
    if not repository.holes:
        found = f"{repository.files} source files" if repository.files else "no source files"
        raise EngineError(f"{path} has {found} and no place to complete: give a folder of code")
    return repository


def with_bar(seconds: float, measure: Measure[Found], kept: Callable[[], str]) -> Found:
    """Measure, with a progress bar on stderr.

    Raises:
        EngineError: The model cannot be used, or the user stopped it; ``kept`` says what is left.
    """
    try:
        with time_bar(seconds) as show:
            return asyncio.run(measure(lambda now: show(now.doing, now.seconds_left)))
    except KeyboardInterrupt:
        raise EngineError(f"stopped: {kept()}") from None


def print_tables(*tables: Table) -> None:
    """Print tables; without a terminal at a fixed width."""
    console = TextConsole()
    if not console.is_terminal:
        console = TextConsole(width=_TABLE_WIDTH)
    for table in tables:
        console.print(table)
