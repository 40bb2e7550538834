"""Installs the packages in dist/ in clean environments, and tries them there (``smoke.py``).

    try_package.py [PYTHON ...]

For each Python, python3 by default, an environment in a temporary folder: the wheel with its extras
is installed from there, with a wheel of llama-cpp-python where one runs (``prebuilt.py``), and
tried; then the same from the source package. Exit code 1: one of them failed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VERSION = PROJECT["version"]
PACKAGES = (f"leanwide-{VERSION}-py3-none-any.whl", f"leanwide-{VERSION}.tar.gz")
PREBUILT = ROOT / "scripts" / "prebuilt.py"


def main(pythons: list[str]) -> int:
    """Try both packages with each Python; return the exit code."""
    failed = [python for python in pythons or ["python3"] if not tried(python)]
    for python in failed:
        print(f"{python}: the packages do not work", file=sys.stderr)
    return 1 if failed else 0


def tried(python: str) -> bool:
    """Return whether both packages work with a Python, in a folder without the repository."""
    with tempfile.TemporaryDirectory(prefix="leanwide-package-") as name:
        folder = Path(name)
        for file in (ROOT / "scripts" / "smoke.py", *packages()):
            shutil.copy(file, folder)
        print(f"{python}: a clean environment")
        if not ran(folder, python, "-m", "venv", "env"):
            return False
        own = str(folder / "env" / "bin" / "python")
        llama = next(need for need in PROJECT["dependencies"] if need.startswith("llama-cpp"))
        if not ran(folder, own, str(PREBUILT), llama):
            print("  so pip compiles it, which takes minutes")
        return all(works(folder, own, package) for package in PACKAGES)


def packages() -> list[Path]:
    """Return the built packages of this version.

    Raises:
        SystemExit: One of them is not there.
    """
    files = [ROOT / "dist" / name for name in PACKAGES]
    if missing := [file.name for file in files if not file.exists()]:
        raise SystemExit(f"dist/ lacks {' and '.join(missing)}: build them with `make package`")
    return files


def works(folder: Path, python: str, package: str) -> bool:
    """Install a package with its extras, remove it, and return whether it did what it should."""
    print(f"  {package}")
    extras = ",".join(PROJECT["optional-dependencies"])
    install = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    program = str(folder / "env" / "bin" / "leanwide")
    return (
        ran(folder, python, *install, f"./{package}[{extras}]")
        and ran(folder, python, "-m", "pip", "check")
        and ran(folder, python, "-P", "smoke.py", program, VERSION)
        and ran(folder, python, "-m", "pip", "uninstall", "--quiet", "--yes", "leanwide")
    )


def ran(folder: Path, *command: str) -> bool:
    """Run a command in a folder and return whether it succeeded."""
    sys.stdout.flush()
    return subprocess.run(command, cwd=folder, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
