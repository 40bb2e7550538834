"""``leanwide tune`` in a shell, with real engines."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest

from leanwide.engine.base import EngineError
from leanwide.tuning.deciding import ENOUGH
from leanwide.tuning.repository import MAX_HOLES, read_repository
from leanwide.tuning.results import Results, measuring_alone
from leanwide.tuning.trial import RequestOutcome, TrialOutcome, TrialSetting
from leanwide.tuning.tune import CONTEXT, EXPERTS, Findings
from leanwide.tuning.tuned_settings import TuningReport, why_undecided
from leanwide.tuning.visits import VisitMoment
from leanwide_bench.synthetic.shapes import TINY_DENSE
from leanwide_bench.synthetic.synthetic import Recipe, write
from leanwide_bench.synthetic.vocabulary import VocabularyOptions

PROGRAM = str(Path(sys.executable).with_name("leanwide"))
FUNCTION = "def function_{0}(values):\n    return sorted(values, key=str)\n"


@pytest.fixture(scope="module")
def dense(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "dense.gguf"
    write(path, Recipe(shape=attrs.evolve(TINY_DENSE, context=1024)))
    return path


@pytest.fixture
def home(tmp_path):
    """Folders of its own for configuration and cache."""
    return {
        **os.environ,
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }


def run(home, *arguments):
    command = [PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=home)


def tune(home, *arguments):
    return run(home, "tune", *arguments)


def test_it_writes_settings_that_the_program_then_uses(home, code, dense, tmp_path):
    """A dense model of random weights: no context helps it, so the smallest one is chosen."""
    result = tune(home, code, "--model", dense, "--minutes", "3", "--tolerance", "50", "--json")
    assert result.returncode == 0, result.stderr
    assert "has no experts to choose from" in result.stderr
    report = json.loads(result.stdout)
    assert report["experts"] is None
    context = report["context"]
    assert (context["clear"], context["chosen"]["context_tokens"]) == (True, 256)
    for setting in context["settings"]:
        assert setting["loss"]["places"] >= 24
        assert setting["as_typed"]["requests"] >= 48
        assert setting["new_place"]["evaluated"] > 0
    assert report["settings"]["modes"]["code"]["context_tokens"] == 256
    file = tmp_path / "config" / "leanwide" / "tuned.toml"
    assert "context_tokens = 256" in file.read_text()
    assert not list((tmp_path / "cache").rglob("*.jsonl"))
    other = run(home, "doctor", "--json")
    (problem,) = json.loads(other.stdout)["problems"]
    assert "tuned.toml is ignored: it was measured with another model" in problem


def test_ctrl_c_keeps_what_was_measured_and_the_next_run_goes_on(home, code, dense, tmp_path):
    process = subprocess.Popen(
        [PROGRAM, "tune", str(code), "--minutes", "0.6", "--model", str(dense)],
        env=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    end = time.monotonic() + 60
    while time.monotonic() < end and not list((tmp_path / "cache").rglob("*.jsonl")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "results are kept, the same command goes on from there" in stderr
    again = tune(home, code, "--minutes", "0", "--dry-run", "--model", dense)
    assert "earlier results count; --fresh forgets them" in again.stderr
    assert not (tmp_path / "config").exists()
    fresh = tune(home, code, "--minutes", "0", "--fresh", "--model", dense)
    assert "earlier results" not in fresh.stderr


def test_only_one_run_measures_at_a_time(home, code, tmp_path):
    lock = tmp_path / "cache" / "leanwide" / "tune" / "lock"
    with measuring_alone(lock):
        result = tune(home, code)
    assert result.returncode == 1
    assert f"process {os.getpid()} is measuring on this machine" in result.stderr
    with measuring_alone(lock), pytest.raises(EngineError), measuring_alone(lock):
        pass
    with lock.open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize(
    ("files", "code", "complaint"),
    [
        ({}, 1, "no source files and no place to complete"),
        ({"data.json": '{"a": [1, 2, 3]}\n', ".env": "TOKEN=secret\n"}, 1, "no source files"),
        ({"broken.py": ")))) ((((\n", "empty.py": "\n"}, 1, "2 source files and no place"),
        ({"one.py": FUNCTION.format(1)}, 1, "places to complete are too few to decide"),
        (None, 2, "does not exist: give a folder"),
    ],
)
def test_a_repository_that_gives_nothing_is_one_line(home, tmp_path, files, code, complaint):
    folder = tmp_path / "folder"
    for name, text in (files or {}).items():
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    if files is not None:
        folder.mkdir(exist_ok=True)
    result = tune(home, folder, "--minutes", "0")
    assert result.returncode == code
    assert complaint in result.stderr
    assert "Traceback" not in result.stderr


def test_no_time_at_all_changes_nothing(home, code, tmp_path):
    result = tune(home, code, "--minutes", "0")
    assert result.returncode == 1
    assert "the time was too short to decide anything" in result.stderr
    assert not (tmp_path / "config").exists()


def test_code_in_which_leanwide_suggests_nothing_is_reported(home, tmp_path):
    """The embedded model knows Python only, and makes no automatic suggestions in JavaScript."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(6):
        text = "".join(f"function add{inner}(a, b) {{\n  const c = a + b;\n  return c;\n}}\n"
                       for inner in range(4))  # fmt: skip
        (folder / f"part{number}.js").write_text(text)
    result = tune(home, folder, "--minutes", "0.2")
    assert result.returncode == 1
    assert "it suggests nothing in javascript unless you ask" in result.stderr


def undecided(tmp_path: Path, outcomes: tuple[TrialOutcome, ...]) -> str:
    """Return why nothing is decided after these outcomes of visits with 24 places."""
    results = {name: Results(tmp_path / name) for name in (EXPERTS, CONTEXT)}
    for outcome in outcomes:
        results[CONTEXT].add(outcome)
    visits = [SimpleNamespace(places=range(ENOUGH))]
    job: Any = SimpleNamespace(
        results=results, repository=SimpleNamespace(visits=visits), before={}
    )
    findings = Findings(speed=(), experts=None, answers=None, think=None, context=None, seconds=1.0)
    measured = {CONTEXT: {outcome.setting: outcome.asked for outcome in outcomes}}
    return why_undecided(TuningReport(job=job, findings=findings, measured=measured))


def test_visits_without_a_suggestion_are_the_reason_that_nothing_is_decided(tmp_path):
    silent = attrs.evolve(OUTCOME, asked=())
    assert "suggests nothing in this code while you type" in undecided(tmp_path, (silent,))
    assert "the time was too short" in undecided(tmp_path / "other", (OUTCOME,))
    assert "the time was too short" in undecided(tmp_path / "none", ())


def test_a_model_without_fim_tokens_is_refused(home, code, tmp_path):
    path = tmp_path / "no-fim.gguf"
    write(path, Recipe(shape=TINY_DENSE, vocabulary=VocabularyOptions(fim=False)))
    result = tune(home, code, "--model", path, "--minutes", "0.2")
    assert result.returncode == 1
    assert "has no fill-in-the-middle tokens" in result.stderr


def test_a_large_repository_is_sampled(tmp_path):
    for number in range(800):
        (tmp_path / f"part_{number}.py").write_text(FUNCTION.format(number))
    found = read_repository(tmp_path, ("part_7*",))
    assert found.files == 800 - 111
    assert 150 < len(found.holes) <= MAX_HOLES
    assert len({hole.view.path for hole in found.holes}) == 150
    assert found.holes == read_repository(tmp_path, ("part_7*",)).holes


OUTCOME = TrialOutcome(
    subject="a",
    setting=TrialSetting(experts=2, context_tokens=512),
    asked=(RequestOutcome(place="a", when=VisitMoment.COLD, tokens=1, nats=0.5, prompt_tokens=1),),
)


def sparse(file: Path) -> None:
    """Write a file of 16 GiB that takes no space."""
    with file.open("wb") as stream:
        stream.truncate(2**34)


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(b'{"hole":"a","kind":"li'),
        lambda file: file.write_bytes(b'{"hole":"\xff"}\n' + b"[" * 100_000),
        os.mkfifo,
        lambda file: file.symlink_to("/dev/zero"),
        sparse,
    ],
)
def test_results_survive_damage(tmp_path, damage):
    file = tmp_path / "results.jsonl"
    damage(file)
    results = Results(file)
    assert len(results) == 0
    results.add(OUTCOME)
    assert Results(file).of(OUTCOME.setting, ["a"]) == list(OUTCOME.asked)


def test_a_lock_that_is_no_file_is_replaced(tmp_path):
    os.mkfifo(tmp_path / "lock")
    with measuring_alone(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text() == str(os.getpid())
