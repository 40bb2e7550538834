"""What the program prints, on terminals of all kinds: no text ends it, none moves the cursor."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.session import PROGRAM

SCRIPTED = Path(__file__).with_name("scripted_program.py")
ANSWER = "a + b  # ¢ naïve → 漢字 🙂"
ACTING = "a\x1b[2J\x1b]0;title\x07\x9b31m\x08b\r\x7f"
ENCODINGS = ("cp1252", "latin-1", "cp932", "ascii", "utf-8")
SOURCE = "def add(a, b):  # é → 漢\n    return \n"


def run(
    *arguments: str | bytes,
    answers: tuple[str, ...] = (),
    encoding: str = "utf-8",
    stdin: bytes = b"",
    **environment: str,
) -> subprocess.CompletedProcess[bytes]:
    """The program with scripted answers, or with its own model where there are none."""
    program = [sys.executable, str(SCRIPTED), json.dumps(answers)] if answers else [PROGRAM]
    return subprocess.run(
        [*program, *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, "COLUMNS": "100", "PYTHONIOENCODING": encoding, **environment},
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "add.py"
    file.write_text(SOURCE, "utf-8")
    return file


def commands(file: Path) -> tuple[tuple[str, ...], ...]:
    return (
        ("complete", f"{file}:2:12"),
        ("explain", f"{file}:1-2"),
        ("chat", "what is → this?", "--about", str(file)),
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_characters_that_a_terminal_cannot_show_are_replaced(source: Path, encoding: str):
    for command in commands(source):
        result = run(*command, answers=(ANSWER,), encoding=encoding)
        assert result.returncode == 0, result.stderr
        assert b"Traceback" not in result.stderr
        shown = result.stdout.decode(encoding)
        assert shown.strip() == ANSWER.encode(encoding, "replace").decode(encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_keeps_all_text_in_any_encoding(source: Path, encoding: str):
    for command in commands(source):
        result = run(*command, "--json", answers=(ANSWER,), encoding=encoding)
        answer = json.loads(result.stdout.decode(encoding))
        assert (answer.get("text") or answer["markdown"]) == ANSWER


def test_a_terminal_without_a_locale_works(source: Path):
    for command in commands(source):
        plain: dict[str, Any] = {
            "LANG": "C",
            "LC_ALL": "C",
            "PYTHONUTF8": "0",
            "PYTHONCOERCECLOCALE": "0",
        }
        result = run(*command, answers=(ANSWER,), encoding="", **plain)
        assert result.returncode == 0, result.stderr
        assert b"a + b" in result.stdout


@pytest.mark.parametrize(
    "command",
    [
        ("--help",),
        ("models", "list"),
        ("models", "info"),
        ("models", "info", "--json"),
        ("models", "path"),
        ("doctor",),
        ("doctor", "--json"),
        ("demo",),
        ("complete", "näme→.py:1:1"),
        ("tune", "näme→"),
        ("compare", "näme→"),
        ("bench", "session", "--client", "näme→"),
        ("serve", "--tcp", "näme→"),
        ("explain", "☃"),
    ],
    ids=" ".join,
)
def test_every_command_prints_in_ascii(tmp_path: Path, command: tuple[str, ...]):
    result = run(*command, encoding="ascii", XDG_CONFIG_HOME=str(tmp_path))
    assert result.returncode in {0, 1, 2}
    assert b"Traceback" not in result.stderr
    assert result.stdout or result.stderr
    assert result.stdout.isascii()
    if "--json" in command:
        json.loads(result.stdout)


def test_bytes_that_are_not_utf_8_are_read_as_characters(tmp_path: Path):
    file = tmp_path / "latin.py"
    file.write_bytes("# café\ndef add(a, b):\n    return \n".encode("latin-1"))
    result = run("complete", f"{file}:3:12", answers=("a + b",))
    assert (result.returncode, result.stdout) == (0, b"a + b\n"), result.stderr


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_messages_from_a_pipe_may_hold_any_bytes(encoding: str):
    result = run("chat", answers=("hello",), encoding=encoding, stdin=b"what is \xff\xfe\x81 this?")
    assert (result.returncode, result.stdout) == (0, b"hello\n"), result.stderr


def test_arguments_may_hold_any_bytes():
    result = run("chat", b"what is \xff this?", answers=("hello",))
    assert (result.returncode, result.stdout) == (0, b"hello\n"), result.stderr
    result = run("complete", b"\xff.py:1:1")
    assert result.returncode == 2
    assert b"cannot be read" in result.stderr


def test_control_characters_of_an_answer_are_not_printed(source: Path):
    for command in commands(source):
        result = run(*command, answers=(ACTING,))
        assert b"a[2J" in result.stdout
        shown = result.stdout.decode()
        assert {one for one in shown if not one.isprintable()} <= {"\n", "\t"}
        answer = run(*command, "--json", answers=(ACTING,)).stdout.decode()
        assert answer.removesuffix("\n").isprintable()


def test_control_characters_of_rendered_markdown_are_not_printed(source: Path):
    for command in commands(source)[1:]:
        shown = in_terminal(*command, answers=(ACTING,))
        assert b"a[2J" in shown
        assert b"\x1b[2J" not in shown
        assert b"\x1b]" not in shown
        assert b"\x07" not in shown


@pytest.mark.parametrize("name", ["a\x1b[2Jb.py", "a\nb.py", "a\rb.py", "a\x9bb.py"])
def test_control_characters_of_a_file_name_are_not_printed(tmp_path: Path, name: str):
    for command in ("complete", "explain"):
        result = run(command, f"{tmp_path / name}:1:1" if command == "complete" else name)
        assert result.returncode == 2
        assert result.stderr.decode().removesuffix("\n").isprintable()


def test_a_closed_output_pipe_gives_no_traceback(source: Path):
    for command in (*commands(source), ("models", "list"), ("doctor",), ("--help",)):
        answers = (json.dumps(["word " * 10_000]),) if command[0] in {"explain", "chat"} else ()
        program = [sys.executable, str(SCRIPTED), *answers] if answers else [PROGRAM]
        process = subprocess.Popen(
            [*program, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()
        process.stderr.close()
        process.wait(60)
        assert b"Traceback" not in said
        assert b"Exception ignored" not in said


def in_terminal(*arguments: str, answers: tuple[str, ...]) -> bytes:
    """What a terminal gets to see."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, str(SCRIPTED), json.dumps(answers), *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65_536):
            shown += piece
    except OSError:  # how Linux says that nobody writes any more
        pass
    os.close(ours)
    process.wait(60)
    return shown
