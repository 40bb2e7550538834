"""Starts a program that a model wrote in a process of its own, and ends it with its children."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import os
import shutil
import signal
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from attrs import frozen

from leanwide_bench.infilling import confined
from leanwide_bench.infilling.confined import FILES, NETWORK, PASSED, PROCESSES

_CONFINED: Final = str(Path(confined.__file__).resolve())
_MAX_VERDICT_BYTES: Final = 200
_UNSHARE: Final = ("--user", "--net", "--")
"""Namespaces of users, which lets an ordinary user ask, and of networks, without any device."""


class Outcome(enum.StrEnum):
    """How a program ended."""

    PASSED = "passed"
    FAILED = "failed"
    TIMED_OUT = "timed out"


@frozen(kw_only=True)
class RunLimits:
    """What a program may use. The CPU time of a passing HumanEval program is far below it."""

    wall_s: float = 30.0
    cpu_s: int = 10
    memory_bytes: int = 2**30
    """Of address space."""
    file_bytes: int = 2**20
    """Of one file."""


@frozen(kw_only=True)
class RunVerdict:
    """What running a program showed."""

    outcome: Outcome
    protections: frozenset[str]
    """Of ``files``, ``processes`` and ``network``, those that the kernel kept from the program."""


@frozen(kw_only=True)
class Sandbox:
    """The limits, and how a program is kept from the network."""

    limits: RunLimits
    unshare: tuple[str, ...]
    """The command in front of the program; empty where this user may make no namespace."""

    def lacks(self, verdict: RunVerdict) -> list[str]:
        """Return, in words, what a program could reach that it should not."""
        missing = {FILES: "files", PROCESSES: "other processes", NETWORK: "the network"}
        kept = verdict.protections | ({NETWORK} if self.unshare else set())
        return [words for name, words in missing.items() if name not in kept]

    async def run(self, source: str) -> RunVerdict:
        """Run a program; cancelling ends it too.

        Raises:
            OSError: No process can be started.
        """
        with TemporaryDirectory(prefix="leanwide-run-", ignore_cleanup_errors=True) as folder:
            process = await self._start(folder)
            try:
                async with asyncio.timeout(self.limits.wall_s):
                    said = await _verdict(process, source.encode("utf-8", "replace"))
                    await process.wait()
            except TimeoutError:
                return RunVerdict(outcome=Outcome.TIMED_OUT, protections=frozenset())
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        protections, _, end = said.partition("\n")
        if end.strip() == PASSED:
            outcome = Outcome.PASSED
        elif process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            outcome = Outcome.TIMED_OUT
        else:
            outcome = Outcome.FAILED
        return RunVerdict(outcome=outcome, protections=frozenset(protections.split()))

    async def _start(self, folder: str) -> Process:
        limits = self.limits
        numbers = (limits.cpu_s, limits.memory_bytes, limits.file_bytes)
        return await asyncio.create_subprocess_exec(
            *(*self.unshare, sys.executable, "-I", "-S", _CONFINED, *map(str, numbers)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=folder,
            env={"LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )


def sandbox(limits: RunLimits) -> Sandbox:
    """Return a sandbox, with a network namespace where this user may make one."""
    program = shutil.which("unshare")
    command = () if program is None else (program, *_UNSHARE)
    if command:
        tried = subprocess.run((*command, "true"), capture_output=True, check=False)
        command = command if tried.returncode == 0 else ()
    return Sandbox(limits=limits, unshare=command)


async def _verdict(process: Process, source: bytes) -> str:
    """Send the program; return what its process says, which ends with it."""
    assert process.stdin is not None  # noqa: S101  # both are pipes
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(source)
    with contextlib.suppress(ConnectionError):
        await process.stdin.drain()
    process.stdin.close()
    said = await process.stdout.read(_MAX_VERDICT_BYTES)
    while len(said) < _MAX_VERDICT_BYTES and (
        more := await process.stdout.read(_MAX_VERDICT_BYTES)
    ):
        said += more
    return said.decode("utf-8", "replace")
