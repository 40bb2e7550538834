"""The models command, in a shell, against a hub on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from leanwide.models.embedded import embedded_model
from leanwide.models.registry import entries
from tests.e2e.session import PROGRAM
from tests.models.loopback import Hub, serving

SOURCE = "hf:leanwide/embedded-GGUF/leanwide-embedded.gguf"


@pytest.fixture
def hub() -> Iterator[Hub]:
    files = {"leanwide/embedded-GGUF/leanwide-embedded.gguf": embedded_model()}
    with serving(Hub(files=files)) as hub:
        yield hub


class Shell:
    """Runs the program as a user whose folders are all below one."""

    def __init__(self, home: Path, hub: Hub) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
            "HF_ENDPOINT": hub.address,
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "COLUMNS": "200",
        }

    def run(self, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, "models", *arguments],
            input=said,
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
            timeout=300,  # shared machines stall
        )


@pytest.fixture
def shell(tmp_path: Path, hub: Hub) -> Shell:
    return Shell(tmp_path, hub)


def test_a_model_is_pulled_described_and_removed(shell: Shell, tmp_path: Path):
    done = shell.run("pull", SOURCE)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "data/leanwide/models/leanwide/embedded-GGUF/leanwide-embedded.gguf"
    assert path.read_bytes() == embedded_model().read_bytes()
    assert f'path = "{path}"' in done.stdout
    assert shell.run("path", SOURCE).stdout.strip() == str(path)
    facts = json.loads(shell.run("info", SOURCE, "--json").stdout)
    assert (facts["experts"], facts["fim_tokens"], facts["chat_template"]) == (16, True, True)
    assert (facts["thinks"], facts["recommended_sampling"]) == (False, "none")
    assert facts["fit"]["verdict"] == "fits"
    assert [lane["name"] for lane in facts["fit"]["lanes"]] == ["lean", "wide"]
    assert all(lane["kv_bytes"] > 0 for lane in facts["fit"]["lanes"])
    assert shell.run("rm", SOURCE, said="n\n").returncode == 1
    assert path.exists()
    assert "free again" in shell.run("rm", SOURCE, said="y\n").stdout
    assert not path.exists()
    gone = shell.run("rm", SOURCE, "--yes")
    assert (gone.returncode, "is not here" in gone.stderr) == (2, True)


def test_a_pull_of_a_recommended_model_ends_with_its_settings(shell: Shell, hub: Hub):
    entry = next(entry for entry in entries() if entry.name == "qwen2.5-coder-0.5b-q4_k_m")
    assert entry.sampling is not None
    hub.files[f"{entry.repo}/{entry.file}"] = embedded_model()
    printed = shell.run("pull", entry.name).stdout
    settings = tomllib.loads(printed[printed.index("[model]") :])
    assert Path(settings["model"]["path"]).name == entry.file
    for mode in ("think", "dialog"):
        assert settings["modes"][mode] == attrs.asdict(entry.sampling)
    assert shell.run("list", "--json").stdout.count(settings["model"]["path"]) == 1


def test_an_interrupted_pull_resumes(shell: Shell, hub: Hub):
    hub.cuts, hub.cut_after = 100, 200_000
    command = [PROGRAM, "models", "pull", SOURCE]
    pull = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=shell.environment)
    deadline = time.monotonic() + 30
    while len(hub.ranges) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    pull.send_signal(signal.SIGINT)
    _, complaint = pull.communicate(timeout=30)
    assert pull.returncode == 1
    assert "are here, and the same command goes on from there" in complaint
    hub.cuts = 0
    assert shell.run("pull", SOURCE).returncode == 0
    assert hub.ranges[-1].startswith("bytes=")


def test_wrong_bytes_end_the_program_with_one_sentence(shell: Shell, hub: Hub):
    hub.corrupt = True
    done = shell.run("pull", SOURCE)
    assert done.returncode == 1
    assert "is refused: its SHA-256 is" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("pull", "qwen3-codr"), "did you mean qwen3-coder"),
        (("pull", "hf:somebody"), "is not hf:REPO/FILE"),
        (("info", "qwen3-coder-30b-a3b-q2_k"), "`leanwide models pull qwen3-coder-30b-a3b-q2_k`"),
        (("info", "x" * 300), "there is no model 'xxx"),
        (("path", "no-such-model"), "there is no model 'no-such-model'"),
        (("rm", "/etc/hosts.gguf", "--yes"), "removes only what it pulled"),
    ],
)
def test_an_unknown_model_name_is_a_usage_error(shell: Shell, arguments, complaint):
    done = shell.run(*arguments)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_list_says_which_models_fit_and_which_are_pulled(shell: Shell):
    shell.run("pull", SOURCE)
    found = json.loads(shell.run("list", "--json").stdout)
    assert all(each["needed_bytes"] > each["size_bytes"] for each in found["models"])
    assert [Path(path).name for path in found["others"]] == ["leanwide-embedded.gguf"]
    assert found["choice"]["both"] in {None, *(each["name"] for each in found["models"])}


def test_the_list_is_a_table_of_80_columns_and_ends_with_advice(shell: Shell):
    shell.environment["COLUMNS"] = "80"
    lines = shell.run("list").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["model", "file", "memory", "lanes", "licence", "fits"]
    for line, entry in zip(lines[1:], entries(), strict=False):
        assert line.split()[:2] == [entry.name, f"{entry.size_bytes / 1e9:.1f}"]
    assert "This machine has" in "\n".join(lines[len(entries()) + 1 :])
    assert "leanwide models pull NAME" in lines[-1]


def test_without_the_extra_it_is_named(shell: Shell):
    script = (
        "import sys; sys.modules['huggingface_hub'] = None; sys.argv[0] = 'leanwide';"
        "from leanwide.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "models", "pull", SOURCE],
        capture_output=True,
        text=True,
        check=False,
        env=shell.environment,
    )
    assert done.returncode == 1
    assert "huggingface_hub is missing: install leanwide with its extra `models`" in done.stderr
