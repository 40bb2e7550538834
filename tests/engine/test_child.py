"""Child processes: their working directory, modules and environment."""

from __future__ import annotations

import ast
import asyncio
import re
import signal
import sys
from pathlib import Path

import pytest

import leanwide
from leanwide import child
from leanwide.features.chat_template import render_apart

PACKAGE = Path(leanwide.__file__).parent
OF_OS = re.compile(r"os\.(system|popen|fork|forkpty|startfile|exec\w+|spawn\w+|posix_spawn\w*)")
"""Functions of :mod:`os` that start a program."""
STARTERS = {
    "create_subprocess_exec",
    "create_subprocess_shell",
    "ProcessPoolExecutor",
    "executable",
}
MODULES = {"subprocess", "multiprocessing", "pty", "runpy"}


def starters(path: Path) -> set[str]:
    """Return the names in a source file by which it could start a program."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Attribute(attr=name):
                found |= {name, ast.unparse(node)}
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {module, *(alias.name for alias in names)}
                found |= {f"{module}.{alias.name}" for alias in names}
    return {name for name in found if name in STARTERS | MODULES or OF_OS.fullmatch(name)}


def test_one_module_alone_starts_processes():
    found = {path.relative_to(PACKAGE).as_posix(): starters(path) for path in PACKAGE.rglob("*.py")}
    starting = {path: names for path, names in found.items() if names}
    # What is started by child.py leaves its parent, and runs this Python again.
    assert starting.pop("engine/host/__main__.py") == {"os.fork", "os.execv"}
    assert set(starting) == {"child.py"}


async def output_of(source: str, **more: str) -> str:
    process = await child.start(child.python("-c", source), more=more)
    output, _ = await process.communicate()
    return output.decode()


async def test_a_child_works_in_leanwides_folder_and_imports_nothing_from_it():
    folder, *path = (await output_of("import os, sys; print(os.getcwd(), *sys.path)")).split()
    assert Path(folder) == PACKAGE
    assert folder not in path
    assert "" not in path


async def test_pythons_own_variables_do_not_reach_a_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    witness = tmp_path / "witness"
    for name in ("sitecustomize", "usercustomize", "json", "resource", "jinja2"):
        (tmp_path / f"{name}.py").write_text(f"open({str(witness)!r}, 'w')\n")
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE", "PYTHONWARNINGS"):
        monkeypatch.setenv(name, str(tmp_path))
    assert await render_apart("{{ a }}", {"a": "b"}) == "b"
    assert not witness.exists()


async def test_a_child_gets_variables_unless_the_user_has_set_them(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("SET", "by the user")
    source = "import os; print(os.environ['SET'], os.environ['UNSET'], os.environ.get('TERM'))"
    monkeypatch.setenv("TERM", "dumb")
    assert await output_of(source, SET="by us", UNSET="too") == "by the user too dumb\n"


@pytest.mark.parametrize("ending", ["import os; os._exit(3)", "raise SystemExit(3)"])
async def test_the_exit_code_of_a_child_is_known(ending: str):
    process = await child.start(child.python("-c", ending))
    assert await asyncio.wait_for(process.wait(), 20) == 3
    assert sys.executable == child.python()[0]


async def test_a_process_is_waited_for_however_often_that_is_cancelled():
    process = await child.start(child.python("-c", "import time; time.sleep(600)"))
    ending = asyncio.create_task(child.end(process))
    for _ in range(3):
        await asyncio.sleep(0)
        ending.cancel()
    await ending
    assert process.returncode == -signal.SIGKILL
