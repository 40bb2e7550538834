"""Configurations of ``docs/editors.md``, so that the tests use the documented ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_PAGE: Final = Path(__file__).parents[2] / "docs/editors.md"


def snippet(name: str) -> str:
    """Return the code block that follows a file's name on the page."""
    found = re.search(
        rf"`[^`]*{re.escape(name)}`:\n+```\w+\n(.*?)```", _PAGE.read_text(), re.DOTALL
    )
    assert found is not None, f"docs/editors.md has no block for {name}"
    return found[1]
