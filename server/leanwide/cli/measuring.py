"""What measuring commands share: the options, the repository, and how they are stopped."""

from __future__ import annotations

import asyncio
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
"""Columns of a table where the output is no terminal."""

Found = TypeVar("Found")
Measure = Callable[[Callable[[TuningProgress], None]], Coroutine[None, None, Found]]
"""Measures, and is given what it tells of its progress."""


def cache_folder() -> Path:
    """Give where measurements are kept, with the lock that lets one run at a time."""
    return user_cache_path("leanwide") / "tune"


def options_of(model: Path | None, layers: Layers) -> Options:
    """Lay settings over each other, the command line's model last; problems go to stderr."""
    options, found = parse(*layers[0], argument_layer(model, None))
    for problem in (*layers[1], *found):
        complain(problem)
    return options


def repository_at(path: Path, options: Options) -> SampledRepository:
    """Draw holes from what is under a path.

    Raises:
        BadUse: There is no such path.
        EngineError: It has no holes.
    """
    if not path.exists():
        raise UsageError(f"{path} does not exist: give a folder with your code")
    repository = read_repository(path, options.files.exclude)
    if not repository.holes:
        found = f"{repository.files} source files" if repository.files else "no source files"
        raise EngineError(f"{path} has {found} and no place to complete: give a folder of code")
    return repository


def with_bar(seconds: float, measure: Measure[Found], kept: Callable[[], str]) -> Found:
    """Measure with a bar on stderr.

    Raises:
        EngineError: The model cannot be used, or somebody stopped it; ``kept`` says what is left.
    """
    try:
        with time_bar(seconds) as show:
            return asyncio.run(measure(lambda now: show(now.doing, now.seconds_left)))
    except KeyboardInterrupt:
        raise EngineError(f"stopped: {kept()}") from None


def print_tables(*tables: Table) -> None:
    """Print tables as wide as they are where there is no terminal."""
    console = TextConsole()
    if not console.is_terminal:
        console = TextConsole(width=_TABLE_WIDTH)
    for table in tables:
        console.print(table)
