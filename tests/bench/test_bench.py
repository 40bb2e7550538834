"""``leanwide bench`` in a shell, with the real server and a model of random weights."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import gguf
import pytest

from leanwide_bench.synthetic.shapes import TINY
from leanwide_bench.synthetic.synthetic import Recipe, write
from leanwide_bench.synthetic.vocabulary import VocabularyOptions

PROGRAM = str(Path(sys.executable).with_name("leanwide"))
WITHOUT = "import sys; sys.modules[{!r}] = None; from leanwide.cli import main; main()"
"""The program in an environment without a module."""


def bench(*arguments, program=(PROGRAM,)):
    return subprocess.run(
        [*program, "bench", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_replay_answers_every_request_once(tiny):
    result = bench(
        "replay", "--model", tiny, "--client", "vscode", "--pace", "0", "--trace", "accepting",
        "--json",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert (report["pace_ms"], report["model"]["name"]) == (0, "leanwide synthetic")
    trace, total = report["results"]
    assert (trace["trace"], total["trace"]) == ("accepting", None)
    assert trace["requests"] == trace["keys"] > 100
    assert trace["key_to_answer_ms"]["count"] == trace["requests"]
    assert trace["retired_requests"] == trace["failed_answers"] == 0
    assert trace["never_answered_requests"] == trace["answered_twice_requests"] == 0
    assert trace["records"] >= trace["requests"]
    assert trace["tokens_evaluated"]["max"] > 0


def test_replay_prints_a_table(tiny):
    result = bench(
        "replay", "--model", tiny, "--client", "neovim", "--pace", "10", "--trace", "typing-a-line"
    )
    assert result.returncode == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines()]
    ours = [row for row in rows if row[:1] == ["neovim"]]
    assert [row[1] for row in ours] == ["typing", "all"]
    assert ours[1][2] == "104"  # keys


def test_lanes_are_compared_with_a_bare_loop(tiny, tmp_path):
    picture = tmp_path / "lanes.svg"
    result = bench(
        "lanes", "--model", tiny, "--experts", "1,4", "--rounds", "1", "--json", "--plot", picture
    )
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert [width["experts"] for width in report["widths"]] == [1, 4]
    assert all(width["decode_tokens_per_s"] > 0 for width in report["widths"])
    assert all(width["bare_decode_tokens_per_s"] > 0 for width in report["widths"])
    opened = report["opened"]
    assert opened["two_lanes_bytes"] > opened["one_lane_bytes"] > 0
    keys = report["keys"]
    assert 500 < keys["window_tokens"] <= 600
    assert keys["key_ms"]["p50"] > 0
    assert keys["beside_question_ms"]["count"] == 12
    shown = ElementTree.parse(picture).getroot()
    drawn = list(shown.iter("{http://www.w3.org/2000/svg}polyline"))
    assert [len(line.get("points", "").split()) for line in drawn] == [2] * 6


def test_lanes_of_a_count_that_the_model_lacks(tiny):
    for wish, complaint in (("1,9", "has 1 to 8 experts"), ("two", "is no list of numbers")):
        result = bench("lanes", "--model", tiny, "--experts", wish)
        assert result.returncode > 0
        assert complaint in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["--trace", "nothing"], 2, "there is no trace 'nothing'"),
        (
            ["--client", "ed"],
            2,
            "--client 'ed' is not one of vscode, neovim, vscode-next-edits, both",
        ),
        (["--peer", "nowhere", "--trace", "typing-a-line"], 1, "is not an http"),
        (["--experts", "9"], 1, "has 1 to 8 experts"),
    ],
)
def test_bad_use_of_replay_is_one_line(tiny, arguments, code, complaint):
    result = bench("replay", "--model", tiny, *arguments)
    assert result.returncode == code
    assert complaint in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.fixture
def without_fim(tmp_path: Path) -> Path:
    path = tmp_path / "without-fim.gguf"
    write(path, Recipe(shape=TINY, vocabulary=VocabularyOptions(fim=False)))
    return path


@pytest.mark.parametrize("command", [["infilling", "no-tasks.jsonl"], ["places"], ["replay"]])
def test_a_model_that_cannot_complete_is_refused_instead_of_measured(without_fim, command):
    result = bench(*command, "--model", without_fim)
    assert result.returncode == 1
    assert result.stderr == (
        "leanwide: leanwide synthetic has no fill-in-the-middle tokens, so that it cannot "
        "complete: choose another model (`leanwide models list`)\n"
    )


def test_synthetic_writes_a_model(tmp_path):
    path = tmp_path / "tiny.gguf"
    result = bench("synthetic", "tiny", path, "--no-fim", "--seed", "3")
    assert result.returncode == 0, result.stderr
    assert "3.6 MB" in result.stdout
    fields = gguf.GGUFReader(path).fields
    assert "tokenizer.ggml.fim_pre_token_id" not in fields
    assert "tokenizer.chat_template" in fields


def test_synthetic_replaces_a_file_only_when_told_to(tmp_path):
    path = tmp_path / "tiny.gguf"
    path.write_text("mine")
    refused = bench("synthetic", "tiny", path)
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert path.read_text() == "mine"
    assert bench("synthetic", "tiny", path, "--force").returncode == 0
    assert path.stat().st_size > 3_000_000


def test_a_shape_that_is_none_is_refused(tmp_path):
    result = bench("synthetic", "huge", tmp_path / "model.gguf")
    assert result.returncode == 2
    assert "one of tiny, tiny-dense, " in result.stderr


def test_synthetic_says_what_to_install(tmp_path):
    program = (sys.executable, "-c", WITHOUT.format("gguf"))
    result = bench("synthetic", "tiny", tmp_path / "a.gguf", program=program)
    assert result.returncode == 1
    assert result.stderr == "leanwide: gguf is missing: `make setup` installs it\n"


@pytest.mark.parametrize("arguments", [[], ["replay", "--model", "x.gguf"], ["--unknown"]])
def test_an_installation_without_the_benchmarks_says_how_to_get_them(arguments):
    result = bench(*arguments, program=(sys.executable, "-c", WITHOUT.format("leanwide_bench")))
    assert result.returncode == 2
    assert "clone the repository, run `make setup`" in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_help_without_the_benchmarks_says_how_to_get_them():
    result = bench("--help", program=(sys.executable, "-c", WITHOUT.format("leanwide_bench")))
    assert result.returncode == 0
    assert "clone the repository, run `make setup`" in " ".join(result.stdout.split())


def test_the_wheel_leaves_the_benchmarks_out():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["server/leanwide"]
