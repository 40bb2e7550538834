"""Configurations of ``docs/editors.md``: what the documentation says is what is tested."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_PAGE: Final = Path(__file__).parents[2] / "docs/editors.md"


def snippet(name: str) -> str:
    """The block of the page that begins behind the name of its file."""
    found = re.search(
        rf"`[^`]*{re.escape(name)}`:\n+```\w+\n(.*?)```", _PAGE.read_text(), re.DOTALL
    )
    assert found is not None, f"docs/editors.md has no block for {name}"
    return found[1]
