"""A folder that was cloned from somewhere: whatever of it is run leaves a witness."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

from attrs import frozen

from tests.e2e.session import SOURCE

_IMPORTED = """
import importlib, json, pkgutil, sys, leanwide
for found in pkgutil.walk_packages(leanwide.__path__, "leanwide."):
    importlib.import_module(found.name)
modules = {name: hasattr(one, "__path__") for name, one in sys.modules.items() if "." not in name}
print(json.dumps({**dict.fromkeys(sys.stdlib_module_names, False), **modules}))
"""
"""Prints every module that any process of leanwide may import, and whether it is a package."""


@frozen
class Folder:
    """The folder, and the file that names what ran of it."""

    path: Path
    witness: Path

    @property
    def ran(self) -> list[str]:
        return self.witness.read_text().splitlines() if self.witness.exists() else []


def shadowing(parent: Path) -> Folder:
    """A folder with a module in place of every other, and a document."""
    folder = Folder(parent / "project", parent / "witness")
    folder.path.mkdir()
    for name, is_package in imported().items():
        module = folder.path / name / "__init__.py" if is_package else folder.path / f"{name}.py"
        module.parent.mkdir(exist_ok=True)
        module.write_text(f"open({str(folder.witness)!r}, 'a').write({name!r} + '\\n')\n")
    (folder.path / "store.py").write_text(SOURCE)
    return folder


@cache
def imported() -> dict[str, bool]:
    """Every top-level module that leanwide may import, and whether it is a package."""
    command = [sys.executable, "-P", "-W", "ignore", "-c", _IMPORTED]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    modules: dict[str, bool] = json.loads(done.stdout)
    return modules
