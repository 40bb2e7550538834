"""A wheel of llama-cpp-python is installed where one runs here, and else nothing is."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.setup.wheels import (
    INSTALLED,
    Contents,
    Environment,
    installed_contents,
    new_environment,
    serving_index,
    write_wheel,
)

ROOT = Path(__file__).parents[2]
SCRIPT = str(ROOT / "scripts" / "prebuilt.py")
NEEDS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
REQUIREMENT = next(need for need in NEEDS if need.startswith("llama-cpp-python"))
DOES_NOT_LOAD = {"llama_cpp/lib/libllama.so": b"cut off", "llama_cpp/lib/libllama.dylib": b""}
OTHER_PROCESSOR = b"import os, signal; os.kill(os.getpid(), signal.SIGILL)"


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return new_environment(tmp_path)


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    return folder


def prebuilt(environment: Environment, **variables: str) -> subprocess.CompletedProcess[str]:
    return environment.run(SCRIPT, REQUIREMENT, **variables)


def scripted(init: bytes) -> Contents:
    return {"llama_cpp/__init__.py": init, "llama_cpp/llama_cpp.py": b""}


def test_a_wheel_that_runs_is_installed_from_an_index(environment: Environment, wheels: Path):
    write_wheel(wheels, installed_contents())
    with serving_index(wheels) as url:
        done = prebuilt(environment, LEANWIDE_WHEELS=url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert environment.installed() == INSTALLED.version
    assert "runs here: nothing to compile" in done.stdout


def test_pips_own_configuration_names_an_index_too(environment: Environment, wheels: Path):
    write_wheel(wheels, installed_contents())
    with serving_index(wheels) as url:
        nowhere = str(environment.folder / "empty")
        done = prebuilt(environment, LEANWIDE_WHEELS=nowhere, PIP_INDEX_URL=url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert environment.installed() == INSTALLED.version


@pytest.mark.parametrize(
    ("contents", "problem"),
    [
        ({**installed_contents(), **DOES_NOT_LOAD}, r"libllama|[Ff]ailed to load"),
        (scripted(OTHER_PROCESSOR), "SIGILL, it is built for another processor"),
        (scripted(b"__version__ = '0.3.1'"), r"it calls itself 0\.3\.1"),
        (scripted(f"__version__ = '{INSTALLED.version}'".encode()), "it lacks .*llama_decode"),
    ],
    ids=["does not load", "another processor", "another version", "other functions"],
)
def test_a_wheel_that_does_not_run_is_removed_again(environment, wheels, contents, problem):
    wheel = write_wheel(wheels, contents)
    done = prebuilt(environment, LEANWIDE_WHEELS=str(wheels))
    assert done.returncode == 1
    assert environment.installed() == ""
    [sentence] = done.stdout.splitlines()
    assert f"{wheel.name} does not run here: " in sentence
    assert re.search(problem, sentence)


@pytest.mark.parametrize("version", ["0.3.1", "0.4.0"])
def test_a_wheel_of_another_version_is_not_taken(environment, wheels, version):
    write_wheel(wheels, scripted(b""), version)
    done = prebuilt(environment, LEANWIDE_WHEELS=str(wheels))
    assert (done.returncode, environment.installed()) == (1, "")
    assert f"there is no wheel of {REQUIREMENT}" in done.stdout


def test_an_index_that_cannot_be_reached_is_named(environment: Environment):
    done = prebuilt(environment, LEANWIDE_WHEELS="http://127.0.0.1:1/whl")
    assert done.returncode == 1
    assert "at http://127.0.0.1:1/whl, which cannot be reached" in done.stdout


@pytest.mark.parametrize(
    "variables",
    [{"LEANWIDE_WHEELS": ""}, {"CMAKE_ARGS": "-DGGML_CUDA=on"}, {"LEANWIDE_BACKEND": "cuda"}],
    ids=str,
)
def test_who_wants_a_build_of_their_own_gets_no_wheel(environment, wheels, variables):
    write_wheel(wheels, scripted(OTHER_PROCESSOR))
    done = prebuilt(environment, PIP_FIND_LINKS=str(wheels), **variables)
    assert (done.returncode, environment.installed()) == (1, "")
    assert done.stdout.strip().startswith(next(iter(variables)))


def test_a_wheel_for_a_build_of_ones_own_is_taken_where_it_is_named(environment, wheels):
    write_wheel(wheels, installed_contents())
    done = prebuilt(environment, LEANWIDE_WHEELS=str(wheels), CMAKE_ARGS="-DGGML_CUDA=on")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_function_of_llama_cpp_is_called_by_the_name_that_is_tried():
    """The trial looks for ``api.NAME``: nothing is imported from the binding by another way."""
    for path in (ROOT / "server" / "leanwide" / "engine" / "process").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("llama_cpp"):
                assert [(name.name, name.asname) for name in node.names] == [("llama_cpp", "api")]
