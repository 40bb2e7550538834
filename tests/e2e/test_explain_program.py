"""``leanwide explain`` in a shell; the embedded model's words are never asserted."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.session import PROGRAM, SOURCE
from tests.e2e.test_program import KEYS, run

QUICK = "[modes.think]\noutput_tokens = 24\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A user's configuration with short answers."""
    folder = tmp_path / "config" / "leanwide"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(QUICK)
    return tmp_path / "config"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "store.py"
    path.write_text(SOURCE)
    return path


def test_it_prints_markdown(file: Path, config: Path):
    result = run("explain", f"{file}:4-7", config=config)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.strip()
    assert "\x1b" not in result.stdout


def test_json_has_the_markdown_and_what_it_cost(file: Path, config: Path):
    result = run("explain", f"{file}:23", "--json", config=config)
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert set(answer) == KEYS - {"text"} | {"markdown", "tokens_drafted", "tokens_accepted"}
    assert (answer["mode"], answer["lane"]) == ("think", "wide")
    assert answer["markdown"].strip()
    assert 0 < answer["tokens_generated"] <= 24


def test_white_space_gets_a_sentence(file: Path, config: Path):
    result = run("explain", f"{file}:2-3", config=config)
    assert result.returncode == 0
    assert result.stdout == "There is nothing to explain here: the place holds only white space.\n"


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ("{file}", "is not FILE:START-END"),
        ("{file}:7-4", "ends before it starts"),
        ("{file}:1-999", "has no line 999"),
        ("{file}:0-1", "has no line 0"),
        ("nowhere.py:1-2", "cannot be read"),
    ],
)
def test_a_place_that_does_not_exist_is_a_usage_error(file: Path, place: str, complaint: str):
    result = run("explain", place.format(file=file))
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert complaint in result.stderr


def test_a_model_that_does_not_load_is_one_line(file: Path, tmp_path: Path):
    result = run("explain", f"{file}:1-2", "--model", str(tmp_path / "no.gguf"))
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1


def test_a_terminal_gets_rendered_markdown(file: Path, config: Path):
    master, terminal = pty.openpty()
    environment = {**os.environ, "XDG_CONFIG_HOME": str(config), "TERM": "xterm"}
    process = subprocess.Popen(
        [PROGRAM, "explain", f"{file}:4-7"], stdout=terminal, env=environment
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            shown += (part := os.read(master, 4096))
        except OSError:
            break
        if not part:
            break
    os.close(master)
    assert process.wait(60) == 0
    assert b"reading" in shown
    assert b"\x1b[" in shown


@pytest.fixture
def heeded_ctrl_c() -> Iterator[None]:
    """Shells start background jobs with the signal ignored, and programs inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded_ctrl_c")
def test_ctrl_c_ends_it_without_a_traceback(file: Path):
    process = subprocess.Popen(
        [PROGRAM, "explain", f"{file}:4-7", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    program = psutil.Process(process.pid)
    while not program.children():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (output, errors) == ("", "")


def test_the_users_system_prompt_is_used(file: Path, config: Path):
    prompts = config / "leanwide" / "prompts"
    prompts.mkdir()
    (prompts / "explain.md").write_text("Say little. " * 20)
    told = run("explain", f"{file}:4-7", "--json", config=config)
    (prompts / "explain.md").write_text("Hm.")
    less = run("explain", f"{file}:4-7", "--json", config=config)
    evaluated = [json.loads(result.stdout)["tokens_evaluated"] for result in (told, less)]
    assert evaluated[0] > evaluated[1] + 20


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe"])
def test_an_unreadable_system_prompt_is_named_and_ignored(file: Path, config: Path, content: bytes):
    prompts = config / "leanwide" / "prompts"
    prompts.mkdir()
    (prompts / "explain.md").write_bytes(content)
    result = run("explain", f"{file}:4-7", config=config)
    assert result.returncode == 0
    assert result.stderr.count("\n") == 1
    assert "explain.md is ignored" in result.stderr
