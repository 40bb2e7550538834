"""The server with scripted answers, as a command of an editor."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from tests.e2e import scripted_server
from tests.e2e.scripted_server import HOLD

TEXT: Final = """\
def load(path):
    file = open(path)
    return file.read()


def area(width, height):
    # The area of a rectangle,
    # in square metres.
    return width * height


def add(a, b):
    return a + b
"""
WITH: Final = "    with open(path) as file:\n        return file.read()\n"
OPEN: Final = "    file = open(path)\n    return file.read()\n"
SWAPPED: Final = "    return height * width\n"
PRODUCT: Final = "    return width * height\n"
BOTH: Final = TEXT.replace(OPEN, WITH).replace(PRODUCT, SWAPPED)
"""The text after both changes of :data:`SLOW`."""


def fenced(code: str) -> str:
    """Return code as a model writes it."""
    return f"```python\n{code}```\n"


_CHANGED: Final = fenced("".join(BOTH.splitlines(keepends=True)[:9]))
SLOW: Final = [*_CHANGED.partition("    return height")[0].splitlines(keepends=True), HOLD]
"""An answer for the first nine lines that stands still when its first change is settled."""
SLOW_REST: Final = [f"{SWAPPED}```\n"]


def command(answers: list[list[str]], go: Path) -> list[str]:
    """Return the command of a server that gives these answers; ``go`` ends every hold."""
    return [sys.executable, scripted_server.__file__, json.dumps(answers), str(go)]
