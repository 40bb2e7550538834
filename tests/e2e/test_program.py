"""The program in a shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.e2e.session import PROGRAM

KEYS = {
    "text",
    "mode",
    "lane",
    "experts",
    "tokens_evaluated",
    "tokens_reused",
    "tokens_generated",
    "ms",
}


def environment(config: Path | None) -> dict[str, str]:
    own = {} if config is None else {"XDG_CONFIG_HOME": str(config), "HOME": str(config)}
    return {**os.environ, "COLUMNS": "100", **own}


def run(*arguments: str, config: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [PROGRAM, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment(config)
    )


def test_complete_prints_one_json_object(tmp_path):
    file = tmp_path / "area.py"
    file.write_text("def area(width, height):\n    return width * \n")
    result = run("complete", f"{file}:2:20", "--json")
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert set(answer) == KEYS
    assert (answer["mode"], answer["lane"]) == ("code", "lean")
    assert answer["text"]
    assert answer["tokens_evaluated"] > 0


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ("nowhere.py:1:1", "cannot be read"),
        (f"{__file__}:100000:1", "has no line 100000"),
        (f"{__file__}:1:1000", "has no line 1, column 1000"),
        ("README.md", "is not FILE:LINE:COLUMN"),
    ],
)
def test_a_place_that_does_not_exist_is_a_usage_error(place: str, complaint: str):
    result = run("complete", place)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert complaint in result.stderr


def test_models_info_describes_the_embedded_model():
    facts = json.loads(run("models", "info", "--json").stdout)
    assert facts["architecture"] == "qwen3moe"
    assert facts["experts"] == 16
    assert facts["fim_tokens"]
    assert Path(run("models", "path").stdout.strip()) == Path(facts["path"])


def test_doctor_finds_no_problem_in_a_fresh_installation(tmp_path: Path):
    result = run("doctor", "--json", config=tmp_path)
    assert result.returncode == 0
    report = json.loads(result.stdout)
    assert report["problems"] == []
    assert [lane["name"] for lane in report["lanes"]] == ["lean", "wide"]
    assert report["residency"]["residency"] == "shared"
    assert (report["fit"]["verdict"], report["fit"]["advice"]) == ("fits", "")
    assert run("doctor", config=tmp_path).stdout.strip().endswith("everything is fine")


def test_doctor_says_what_the_processor_could_do_more_and_how_to_build_that(tmp_path: Path):
    script = (
        "import sys; from leanwide.cli import examination, main; sys.argv = ['leanwide', 'doctor'];"
        "examination.system_features = lambda: 'CPU : SSE3 = 1 | AVX = 1 | LLAMAFILE = 1';"
        "examination.processor_flags = lambda: frozenset({'sse3', 'avx', 'avx2', 'avx512f'});"
        "main()"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment(tmp_path)
    )
    assert done.returncode == 0, "slower is not broken"
    lines = done.stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("advice: this processor"))
    assert "also has AVX2, AVX512, which this build" in lines[at]
    assert f"{sys.executable} -m pip install" in lines[at + 1]
    assert (
        f"--no-binary llama-cpp-python llama-cpp-python=={version('llama-cpp-python')}"
        in (lines[at + 1])
    )


def test_doctor_names_the_folder_of_saved_states_and_its_size(tmp_path: Path):
    folder = Path(os.environ["XDG_CACHE_HOME"], "leanwide", "places")
    folder.mkdir(parents=True)
    (folder / "place-1.kv").write_bytes(bytes(2_500_000))
    report = json.loads(run("doctor", "--json", config=tmp_path).stdout)
    assert report["places"] == {"folder": str(folder), "megabytes": 2.5, "most_megabytes": 2000}
    assert str(folder) in run("doctor", config=tmp_path).stdout.replace("\n", "")


def test_doctor_measures_what_it_predicts(tmp_path: Path):
    result = run("doctor", "--measure", "--json", config=tmp_path)
    assert result.returncode == 0
    report = json.loads(result.stdout)
    assert report["memory_mb"]["engine"] > 0
    for lane in report["lanes"]:
        foretold = lane["kv_megabytes"] + lane["compute_megabytes"]
        assert 0 < lane["measured_megabytes"] <= foretold


def test_doctor_says_what_is_wrong_with_the_user_file(tmp_path: Path):
    folder = tmp_path / "leanwide"
    folder.mkdir()
    (folder / "config.toml").write_text('[model]\npth = "/models/coder.gguf"\n')
    result = run("doctor", "--json", config=tmp_path)
    assert result.returncode == 1
    (problem,) = json.loads(result.stdout)["problems"]
    assert "model.pth" in problem
    assert "did you mean model.path?" in problem


def test_doctor_says_what_a_model_cannot_do(tmp_path: Path):
    bare = tmp_path / "bare.gguf"
    assert run("bench", "synthetic", "tiny", str(bare), "--no-fim", "--no-chat-template")
    folder = tmp_path / "leanwide"
    folder.mkdir()
    (folder / "config.toml").write_text(f"[model]\npath = {json.dumps(str(bare))}\n")
    result = run("doctor", "--json", config=tmp_path)
    assert result.returncode == 1
    fim, template = json.loads(result.stdout)["problems"]
    assert "no suggestions while you type" in fim
    assert "no chat template" in template


def test_doctor_tries_the_models_chat_template(tmp_path: Path):
    model = tmp_path / "model.gguf"
    assert run("bench", "synthetic", "tiny", str(model)).returncode == 0
    good, bad = b"{%- for message in messages -%}", b"{{ raise_exception('no luck') }}"
    data = model.read_bytes()
    assert data.count(good + b"\n") == 1
    model.write_bytes(data.replace(good + b"\n", bad.ljust(len(good) + 1)))
    folder = tmp_path / "leanwide"
    folder.mkdir()
    (folder / "config.toml").write_text(f"[model]\npath = {json.dumps(str(model))}\n")
    (problem,) = json.loads(run("doctor", "--json", config=tmp_path).stdout)["problems"]
    assert "chat template failed" in problem
    assert "Choose an instruct model" in problem


def test_demo_shows_two_completions_and_what_they_cost():
    result = run("demo")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("lean lane") >= 2
    assert "3 keys later" in result.stdout
    assert "reused" in result.stdout
