"""scripts/setup takes a wheel where one runs, and compiles otherwise; Python is a stand-in here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("bash", "cat", "cp", "dirname", "grep", "mkdir", "tail", "tr", "uname")
PYTHON = """#!/usr/bin/env bash
printf '%s\\n' "$* [CMAKE_ARGS=${CMAKE_ARGS:-}]" >>calls
case "$*" in
  "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  *"import llama_cpp"*) exit "$MISSING" ;;
  *tomllib*) echo "llama-cpp-python>=1,<2" ;;
  scripts/prebuilt.py*) exit "$NO_WHEEL" ;;
  *--no-binary*) echo "[1/2] compiling"; exit "$BROKEN" ;;
esac
"""


class Checkout:
    """A copy of what the set-up reads, with programs that note how they are called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "programs"
        self.programs.mkdir()
        shutil.copytree(ROOT / "scripts", folder / "scripts")
        for name in TOOLS:
            (self.programs / name).symlink_to(str(shutil.which(name)))
        self.program("python3", PYTHON)
        self.program("sleep", "#!/usr/bin/env bash\n")

    def program(self, name: str, text: str) -> None:
        path = self.programs / name
        path.write_text(text)
        path.chmod(0o755)

    def set_up(self, **outcomes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / "scripts" / "setup"],
            capture_output=True,
            text=True,
            check=False,
            env={
                "PATH": str(self.programs),
                "PYTHON": "python3",
                "MISSING": "1",
                "NO_WHEEL": "0",
                "BROKEN": "0",
                **outcomes,
            },
            timeout=60,
        )

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    def called(self, words: str) -> list[str]:
        return [call for call in self.calls if words in call]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_with_a_wheel_no_compiler_is_needed(checkout: Checkout):
    done = checkout.set_up()
    assert done.returncode == 0, done.stderr
    assert checkout.called("scripts/prebuilt.py llama-cpp-python>=1,<2")
    assert not checkout.called("--no-binary")
    assert "--editable . --group dev" in checkout.calls[-1]
    assert done.stdout.splitlines()[-1].endswith("ready: .venv/bin/leanwide\x1b[0m")


def test_without_a_wheel_llama_cpp_is_compiled_whatever_wheels_pip_knows(checkout: Checkout):
    checkout.program("c++", "#!/usr/bin/env bash\n")
    done = checkout.set_up(NO_WHEEL="1")
    assert done.returncode == 0, done.stderr
    [call] = checkout.called("--no-binary llama-cpp-python llama-cpp-python>=1,<2")
    assert call.endswith("[CMAKE_ARGS=-DLLAVA_BUILD=OFF -DGGML_METAL=OFF]")
    assert "compiling llama.cpp for cpu" in done.stdout


def test_a_build_of_ones_own_is_compiled_as_asked(checkout: Checkout):
    checkout.program("c++", "#!/usr/bin/env bash\n")
    assert checkout.set_up(NO_WHEEL="1", CMAKE_ARGS="-DGGML_CUDA=on").returncode == 0
    assert checkout.called("--no-binary")[0].endswith(" -DGGML_CUDA=on]")


def test_without_a_wheel_and_a_compiler_the_user_is_told_what_to_install(checkout: Checkout):
    done = checkout.set_up(NO_WHEEL="1")
    assert done.returncode == 1
    assert "no C++ compiler: install g++ or Xcode's command line tools" in done.stderr
    assert not checkout.called("--editable")


def test_a_build_that_fails_ends_the_set_up_with_its_last_lines(checkout: Checkout):
    checkout.program("c++", "#!/usr/bin/env bash\n")
    done = checkout.set_up(NO_WHEEL="1", BROKEN="1")
    assert done.returncode == 1
    assert "[1/2] compiling" in done.stderr
    assert "llama.cpp did not compile: the log is .venv/llama-cpp-python.log" in done.stderr


def test_what_is_installed_already_is_left_alone(checkout: Checkout):
    assert checkout.set_up(MISSING="0").returncode == 0
    assert not checkout.called("prebuilt.py")


def test_a_backend_is_built_even_where_a_wheel_would_run(checkout: Checkout):
    for program in ("c++", "glslc"):
        checkout.program(program, "#!/usr/bin/env bash\n")
    assert checkout.set_up(LEANWIDE_BACKEND="vulkan").returncode == 0
    assert not checkout.called("scripts/prebuilt.py")
    [call] = checkout.called("--no-binary llama-cpp-python --force-reinstall --no-deps")
    assert call.endswith("[CMAKE_ARGS=-DLLAVA_BUILD=OFF -DGGML_VULKAN=ON]")
