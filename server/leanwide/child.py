"""How leanwide starts a process: nothing of the folder that it was started in runs there.

An editor may start the server in a project that came from anywhere. Python would import that
project's modules in place of its own, and ggml would load its libraries. So a child works in a
folder that holds nothing but leanwide's own code, and finds modules where they are installed only.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

HOME: Final = Path(__file__).resolve().parent
"""Where children work: who can write there can change leanwide itself."""

_HARMLESS: Final = ("PYTHONDONTWRITEBYTECODE", "PYTHONNOUSERSITE")
"""Python's own variables that bring no module in."""

_NO_DEBUGGER: Final = {"GGML_NO_BACKTRACE": "1"}
"""Otherwise ggml attaches gdb or lldb to its own process when an assertion fails: a debugger reads
files of the folder it is started in, and holds the dead process up meanwhile."""


def python(*arguments: str) -> tuple[str, ...]:
    """Return the command that runs this Python without the working directory on its path."""
    return (sys.executable, "-P", *arguments)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what a child inherits, and ``more`` where the user has not set it.

    Variables that tell Python where modules are, or what to run at its start, stay behind.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") or name in _HARMLESS
    }
    return {**(more or {}), **inherited, **_NO_DEBUGGER}


async def start(
    command: Sequence[str],
    *,
    stderr: int | None = None,
    more: Mapping[str, str] | None = None,
    instead: Mapping[str, str] | None = None,
) -> Process:
    """Start a process with pipes on its stdin and stdout.

    Args:
        command: The program and its arguments; paths among them are absolute.
        stderr: Where its complaints go, as for :mod:`subprocess`; None: where ours go.
        more: Variables that it gets unless the user has set them.
        instead: Variables that it gets in any case.

    Raises:
        OSError: It cannot be started.
    """
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE,
        stdout=PIPE,
        stderr=stderr,
        cwd=HOME,
        env={**environment(more), **(instead or {})},
    )
