"""``leanwide bench``: the benchmarks, where they are: they come with a checkout."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Final

import typer

from leanwide.cli.errors import UsageError

_ANYTHING: Final = {"ignore_unknown_options": True, "allow_extra_args": True}


def _no_benchmarks() -> None:
    """Measure leanwide on this machine; the benchmarks come with a checkout of the repository."""
    raise UsageError(
        "the benchmarks are not part of the installed package: clone the repository, "
        "run `make setup` in it, and use its .venv/bin/leanwide bench"
    )


def _benchmarks() -> typer.Typer:
    if find_spec("leanwide_bench") is not None:
        app: typer.Typer = import_module("leanwide_bench.cli.program").app
        return app
    missing = typer.Typer(context_settings=_ANYTHING)
    missing.callback(invoke_without_command=True)(_no_benchmarks)
    return missing


app = _benchmarks()
