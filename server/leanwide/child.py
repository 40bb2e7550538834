"""Starts child processes so that they run nothing from the server's working directory.

An editor may start the server in an untrusted project. Python would import the project's modules
instead of its own, and ggml would load its libraries. So a child works in a folder with nothing but
leanwide's own code, and imports only installed modules.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final

HOME: Final = Path(__file__).resolve().parent
"""The working directory of children: only those who can change leanwide itself can write there."""

_HARMLESS: Final = ("PYTHONDONTWRITEBYTECODE", "PYTHONNOUSERSITE")
"""Python's own variables that add no modules."""

_NO_DEBUGGER: Final = {"GGML_NO_BACKTRACE": "1"}
"""Otherwise ggml attaches gdb or lldb to its own process when an assertion fails: a debugger reads
files of the working directory, and keeps the dead process alive meanwhile."""


def python(*arguments: str) -> tuple[str, ...]:
    """Return the command that runs this Python without the working directory in ``sys.path``."""
    return (sys.executable, "-P", *arguments)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables of a child: what it inherits, and ``more`` unless the user set it.

    Variables that tell Python where modules are, or what to run first, are left out.
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
        stderr: As for :mod:`subprocess`; None: the stderr of this process.
        more: Variables that it gets unless the user set them.
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


async def end(process: Process) -> None:
    """Kill a process unless it has ended, and wait for its end, however often that is cancelled.

    A request is cancelled by its client and again when the loop ends; a process that is left then
    has Python complain on stderr.
    """
    if process.returncode is None:
        process.kill()
    while process.returncode is None:
        with contextlib.suppress(asyncio.CancelledError):
            await process.wait()


def run_detaching(
    command: Sequence[str], descriptor: int, log: BinaryIO, more: Mapping[str, str]
) -> int:
    """Run a program that goes on in a process of its own; return its exit code. Blocks shortly.

    Args:
        command: The program and its arguments; paths among them are absolute.
        descriptor: An open file that it inherits.
        log: What it and the process write on stdout and stderr.
        more: Variables that it gets unless the user set them.

    Raises:
        OSError: It cannot be started.
    """
    return subprocess.call(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=HOME,
        env=environment(more),
        pass_fds=(descriptor,),
    )
