"""``leanwide bench``: runs the benchmarks of a checkout; says how to get them where there is none.

The wheel leaves the package ``leanwide_bench`` out, so only a checkout has it.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Final

import typer

from leanwide.cli.errors import UsageError

_MISSING: Final = (
    "the benchmarks are not part of the installed package: clone the repository, "
    "run `make setup` in it, and use its .venv/bin/leanwide bench"
)
_ANY_ARGUMENTS: Final = {"ignore_unknown_options": True, "allow_extra_args": True}


def _refuse() -> None:
    raise UsageError(_MISSING)


def _benchmarks() -> typer.Typer:
    if find_spec("leanwide_bench") is not None:
        app: typer.Typer = import_module("leanwide_bench.cli.program").app
        return app
    missing = typer.Typer(add_completion=False)
    text = f"Measure leanwide on this machine. Here {_MISSING}."
    missing.command(help=text, context_settings=_ANY_ARGUMENTS)(_refuse)
    return missing


app = _benchmarks()
