"""Installs llama-cpp-python from a wheel that is already built, where one runs on this machine.

    prebuilt.py 'llama-cpp-python>=0.3.36,<0.4'

pip looks in its own indexes and in LEANWIDE_WHEELS: the URL of an index, or a folder of wheels. By
default that is where the authors of llama-cpp-python publish wheels for this platform. The wheel is
tried before it stays (``try_llama.py``).

Exit code 0: one is installed. 1: none is, for the reason that is printed, and llama.cpp has to be
compiled. None is looked for where LEANWIDE_WHEELS is empty, or where it is not set and the user
asks for a build of their own.
"""

from __future__ import annotations

import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

PUBLISHED = "https://abetlen.github.io/llama-cpp-python/whl"
NAME = "llama-cpp-python"
OWN_BUILD = ("CMAKE_ARGS", "LEANWIDE_BACKEND")
"""Variables that ask for a build of one's own."""
WAIT_S = ("--timeout", "10", "--retries", "1")
"""An index that does not answer costs seconds, not minutes."""
TRIAL_S = 300


class NoWheelError(Exception):
    """No wheel is installed; the message says why."""


def main(requirement: str) -> int:
    """Install a wheel for ``requirement``; return the exit code."""
    try:
        print(f"  {install(requirement, source(os.environ))}")
    except NoWheelError as reason:
        print(f"  {reason}")
        return 1
    return 0


def source(environment: Mapping[str, str]) -> str:
    """Return the URL or the folder to look in besides pip's own indexes.

    Raises:
        NoWheelError: The user wants none.
    """
    if (named := environment.get("LEANWIDE_WHEELS")) == "":
        raise NoWheelError("LEANWIDE_WHEELS is empty: no wheel is looked for")
    own = next((name for name in OWN_BUILD if environment.get(name)), None)
    if named is None and own is not None:
        raise NoWheelError(f"{own} is set: no wheel is known to be built that way")
    return named or published(sys.platform, platform.machine())


def published(system: str, machine: str) -> str:
    """Return the index of the wheels that are published for a platform."""
    metal = system == "darwin" and machine == "arm64"
    return f"{PUBLISHED}/{'metal' if metal else 'cpu'}"


def install(requirement: str, where: str) -> str:
    """Install a wheel that runs here; return a sentence for the user.

    Raises:
        NoWheelError: There is none, or it does not run; then it is removed again.
    """
    with tempfile.TemporaryDirectory() as folder:
        wheel = download(requirement, where, Path(folder))
        if pip("install", str(wheel)).returncode != 0:
            raise NoWheelError(f"{wheel.name} cannot be installed")
    problem = "it was not tried"
    try:
        problem = trial()
    finally:
        if problem:
            pip("uninstall", "--yes", NAME)
    if problem:
        raise NoWheelError(f"{wheel.name} does not run here: {problem}")
    return (
        f"{wheel.name} runs here: nothing to compile. `leanwide doctor` says if it could be faster"
    )


def download(requirement: str, where: str, folder: Path) -> Path:
    """Return the wheel that fits best, in ``folder``.

    Raises:
        NoWheelError: There is none.
    """
    place = "--find-links" if Path(where).is_dir() else "--extra-index-url"
    # Only this one package may come from there.
    options = ("--no-deps", "--only-binary", NAME, "--dest", str(folder), place, where)
    done = pip("download", *WAIT_S, *options, requirement)
    wheels = list(folder.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        raise NoWheelError(
            f"there is no wheel of {requirement} for this platform {reach(where, done)}"
        )
    return wheels[0]


def reach(where: str, done: subprocess.CompletedProcess[str]) -> str:
    """Return where was looked, and whether it could be reached."""
    failed = re.search(r"onnection|timed out|Could not fetch URL", done.stderr)
    return f"at {where}, which cannot be reached" if failed else f"at {where}"


def trial() -> str:
    """Return what is wrong with the installed llama.cpp; "" if it works.

    It runs in a process of its own: one that was built for another processor ends it.
    """
    script = Path(__file__).with_name("try_llama.py")
    command = [sys.executable, str(script)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TRIAL_S)
    except subprocess.TimeoutExpired:
        return f"it did not answer within {TRIAL_S} s"
    if done.returncode < 0:
        ended = signal.Signals(-done.returncode)
        built = ", it is built for another processor" if ended is signal.SIGILL else ""
        return f"it ends with {ended.name}{built}"
    if done.returncode > 0:
        return (done.stderr.strip().splitlines() or ["it does not load"])[-1]
    return ""


def pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pip in this environment; a terminal shows its progress."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    shown = None if sys.stdout.isatty() else subprocess.DEVNULL
    return subprocess.run(command, stdout=shown, stderr=subprocess.PIPE, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
