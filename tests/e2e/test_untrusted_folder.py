"""leanwide started inside a folder that was cloned from anywhere: nothing of the folder runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from leanwide.models.embedded import embedded_model
from tests.e2e import untrusted
from tests.e2e.session import END, PROGRAM, SOURCE, Session, session

SHORT = {"modes": {"think": {"output_tokens": 16}}}
WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 5, "character": 0}}


def started_in(folder: Path) -> tuple[str, ...]:
    """The command of an editor that starts its servers in the folder it has opened."""
    return ("sh", "-c", 'cd "$1" && exec "$2" serve', "sh", str(folder), PROGRAM)


async def use(editor: Session) -> SimpleNamespace:
    """Have something suggested and something explained; returns the record of the explanation."""
    uri = editor.open()
    assert await editor.complete_when_ready(uri, END)
    assert (await editor.command("leanwide.explain", {"uri": uri, "range": WHOLE})).markdown
    record: SimpleNamespace = await editor.last_request()
    return record


@pytest.fixture(params=untrusted.FORMS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> untrusted.Folder:
    return untrusted.shadowing(tmp_path, request.param)


async def test_a_server_runs_no_code_of_its_working_directory(folder: untrusted.Folder):
    async with session(SHORT, root=folder.path, command=started_in(folder.path)) as editor:
        record = await use(editor)
    assert folder.ran == []
    assert "ChatML serves" not in record.reason, "the model's own template was rendered"


def run_in(folder: Path, settings: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder, with the user's settings elsewhere."""
    config = folder.parent / "config"
    (config / "leanwide").mkdir(parents=True, exist_ok=True)
    (config / "leanwide/config.toml").write_text(settings)
    return subprocess.run(
        [PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=120,
        env={**os.environ, "XDG_CONFIG_HOME": str(config)},
    )


@pytest.mark.parametrize(
    "arguments",
    [("complete", "store.py:28:9"), ("explain", "store.py:4-7"), ("doctor",)],
    ids=" ".join,
)
def test_the_program_runs_no_code_of_its_working_directory(
    folder: untrusted.Folder, arguments: tuple[str, ...]
):
    done = run_in(folder.path, "[modes.think]\noutput_tokens = 16\n", *arguments)
    assert folder.ran == []
    assert done.stdout.strip()
    assert "Traceback" not in done.stderr


def test_a_relative_model_path_does_not_refer_to_the_working_directory(tmp_path: Path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "store.py").write_text(SOURCE)
    shutil.copy(embedded_model(), folder / "a.gguf")
    done = run_in(folder, '[model]\npath = "a.gguf"\n', "complete", "store.py:28:9")
    assert f"{tmp_path}/config/leanwide/a.gguf does not exist" in done.stderr
    by_hand = run_in(folder, "", "complete", "store.py:28:9", "--model", "a.gguf")
    assert by_hand.returncode == 0, by_hand.stderr


SHADOWED = """
    random json resource token types select logging heapq attr psutil msgspec jinja2 numpy ctypes
    llama_cpp leanwide
"""


def test_the_folders_of_these_tests_hold_what_processes_import(folder: untrusted.Folder):
    names = {path.relative_to(folder.path).parts[0] for path in folder.path.rglob("*.py")}
    assert set(SHADOWED.split()) <= {name.removesuffix(".py") for name in names}
