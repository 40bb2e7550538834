"""Programs that a model wrote reach nothing, whatever they try."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

import psutil
import pytest

from leanwide_bench.infilling.sandbox import Outcome, RunLimits, RunVerdict, Sandbox, sandbox

LIMITS = RunLimits(wall_s=60.0, cpu_s=4, memory_bytes=2**29)
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's means are Linux's")


async def run(source: str, limits: RunLimits = LIMITS) -> Outcome:
    return (await sandbox(limits).run(source)).outcome


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ("assert sorted([2, 1]) == [1, 2]\nimport math, re, collections, hashlib, heapq", "passed"),
        ("open('mine.txt', 'w').write('x'); assert open('mine.txt').read() == 'x'", "passed"),
        ("for _ in range(1000): print('x' * 2**20)", "passed"),
        ("assert 1 == 2", "failed"),
        ("not python", "failed"),
        ("raise SystemExit(0)", "failed"),
        ("import sys; sys.exit()", "failed"),
        ("x = bytearray(2**30)", "failed"),
        ("x = 'x'\nwhile True: x += x", "failed"),
        ("open('large', 'wb').write(bytes(2**21))", "failed"),
        ("import os; assert 'HOME' not in os.environ and 'PATH' not in os.environ", "passed"),
    ],
)  # fmt: skip
async def test_a_program_passes_only_where_it_runs_to_its_end(source: str, outcome: str):
    assert await run(source) == outcome


async def test_a_program_that_computes_for_ever_ends():
    assert await run("while True: pass", RunLimits(cpu_s=1)) is Outcome.TIMED_OUT


async def test_a_program_that_sleeps_ends():
    limits = RunLimits(wall_s=2.0)
    assert await run("import time; time.sleep(600)", limits) is Outcome.TIMED_OUT


@ON_LINUX
@pytest.mark.parametrize(
    "source",
    [
        "import os; os.fork()",
        "import threading; threading.Thread(target=print).start()",
        "import subprocess; subprocess.run(['/bin/true'])",
        "import os; os.execv('/bin/true', ['true'])",
        "import socket; socket.socket()",
        "import socket; socket.socketpair()",
    ],
)
async def test_no_process_and_no_socket_is_made(source: str):
    assert await run(source) is Outcome.FAILED


@ON_LINUX
async def test_nothing_outside_of_its_folder_is_read_or_written(tmp_path: Path):
    mine = tmp_path / "mine.txt"
    mine.write_text("secret")
    for source in (
        f"open({str(mine)!r}).read()",
        f"open({str(mine)!r}, 'a')",
        f"import os; os.truncate({str(mine)!r}, 0)",
        f"import os; os.remove({str(mine)!r})",
        f"open({str(tmp_path / 'new')!r}, 'w')",
        f"import os; os.mkdir({str(tmp_path / 'new')!r})",
        "import os; os.listdir('/etc')",
    ):
        assert await run(source) is Outcome.FAILED, source
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert mine.read_text() == "secret"


@ON_LINUX
async def test_the_network_is_gone_also_without_the_filter_of_system_calls():
    """The namespace alone: no address of this machine is reached from it."""
    place = sandbox(LIMITS)
    if not place.unshare:
        pytest.skip("this user may make no network namespace")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        source = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
        process = await asyncio.create_subprocess_exec(
            *place.unshare, sys.executable, "-c", source, stderr=asyncio.subprocess.DEVNULL
        )
        assert await process.wait() == 1


async def test_cancelling_ends_the_program():
    running = asyncio.create_task(run("import time; time.sleep(600)"))
    while not psutil.Process().children():
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not psutil.Process().children()


def test_what_a_kernel_cannot_do_is_said():
    bare = Sandbox(limits=LIMITS, unshare=())
    none = RunVerdict(outcome=Outcome.PASSED, protections=frozenset())
    assert bare.lacks(none) == ["files", "other processes", "the network"]
    apart = Sandbox(limits=LIMITS, unshare=("unshare",))
    most = RunVerdict(outcome=Outcome.PASSED, protections=frozenset({"files", "processes"}))
    assert apart.lacks(most) == []
