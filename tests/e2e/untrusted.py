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
modules = {name.partition(".")[0] for name in sys.modules}
print(json.dumps(sorted(modules | sys.stdlib_module_names)))
"""
"""Prints every top-level module that any process of leanwide may import."""

FORMS = ("{}.py", "{}/__init__.py")
"""Where a folder may have a module by a name."""


@frozen
class Folder:
    """The folder, and the file that names what ran of it."""

    path: Path
    witness: Path

    @property
    def ran(self) -> list[str]:
        return self.witness.read_text().splitlines() if self.witness.exists() else []


def shadowing(parent: Path, form: str) -> Folder:
    """A folder with a module of a form in place of every other, and a document."""
    folder = Folder(parent / "project", parent / "witness")
    folder.path.mkdir()
    for name in imported():
        module = folder.path / form.format(name)
        module.parent.mkdir(exist_ok=True)
        module.write_text(f"open({str(folder.witness)!r}, 'a').write({name!r} + '\\n')\n")
    (folder.path / "store.py").write_text(SOURCE)
    return folder


@cache
def imported() -> list[str]:
    """Every top-level module that leanwide may import."""
    command = [sys.executable, "-P", "-W", "ignore", "-c", _IMPORTED]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    modules: list[str] = json.loads(done.stdout)
    return modules
