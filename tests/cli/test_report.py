"""The report for a bug report, and the file of errors that it reads."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from leanwide.cli.log_file import ErrorFile, last_errors
from leanwide.cli.reporting import changed, flat
from leanwide.options.layers import built_in

PROGRAM = str(Path(sys.executable).with_name("leanwide"))
SECRET = "zephyr"


def report(home: Path) -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return subprocess.run(
        [PROGRAM, "doctor", "--report"],
        env={**own, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def failing_record(name: str, level: int = logging.ERROR) -> logging.LogRecord:
    try:
        raise ValueError(SECRET)
    except ValueError:
        place = sys.exc_info()
    path = f"/srv/{SECRET} x/a.py"
    return logging.LogRecord(name, level, "", 1, "%s: lost %s", ("a/method", path), place)


@pytest.fixture
def errors(tmp_path: Path) -> ErrorFile:
    return ErrorFile(tmp_path / "log" / "errors.log")


def test_an_error_is_kept_as_what_and_where_and_never_with_the_users_text(errors: ErrorFile):
    errors.handle(failing_record("leanwide.lsp.session"))
    errors.handle(failing_record("leanwide.lsp.feedback", logging.WARNING))
    errors.handle(failing_record("library.x"))
    errors.close()
    file = Path(errors.baseFilename)
    text = file.read_text("utf-8")
    assert "ERROR leanwide.lsp.session: a/method: lost …/a.py\n    ValueError\n" in text
    assert "test_report.py:" in text
    assert "in failing_record" in text
    assert "WARNING leanwide.lsp.feedback: %s: lost %s" in text
    assert "ERROR library.x: (of a library)" in text
    assert SECRET not in text
    assert str(file.parent) not in text
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (
        0o600,
        0o700,
    )


def test_the_file_of_errors_does_not_grow_without_bound(errors: ErrorFile):
    for _ in range(2_000):
        errors.handle(failing_record("leanwide"))
    errors.close()
    files = list(Path(errors.baseFilename).parent.iterdir())
    assert len(files) == 2
    assert sum(file.stat().st_size for file in files) < 130_000
    assert len(last_errors(files[0].parent / "errors.log", 10)) == 30


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, capsys):
    (tmp_path / "log").write_text("a file in the folder's place")
    errors = ErrorFile(tmp_path / "log" / "errors.log")
    errors.handle(failing_record("leanwide"))
    assert capsys.readouterr().err == ""
    assert last_errors(tmp_path / "log" / "errors.log", 10) == []


def test_only_what_differs_from_the_defaults_is_said_without_names_of_the_user():
    defaults = dict(flat(built_in().values))
    layer = {
        "model": {"path": f"/home/{SECRET}/models/a.gguf", "threads": 0, "kv_type": "q8_0"},
        "files": {"exclude": [f"{SECRET}/", "b"]},
        "password": SECRET,
    }
    assert list(changed(layer, defaults)) == [
        "model.path = 'a.gguf'",
        "model.kv_type = 'q8_0'",
        "files.exclude = a list of 2",
        "password: not a setting",
    ]


def test_the_report_names_no_folder_of_the_user(tmp_path: Path):
    config = tmp_path / ".config" / "leanwide"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(f'[model]\npath = "/srv/{SECRET} x/a.gguf"\n')
    text = report(tmp_path)
    assert "model.path = 'a.gguf'" in text
    assert "a.gguf" in text.partition("problems:")[2].partition("last warnings")[0]
    assert SECRET not in text
    assert str(tmp_path) not in text
