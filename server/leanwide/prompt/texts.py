"""The system prompts, one Markdown file for each command."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import Final

NAMES: Final = (
    "explain",
    "refactor",
    "insert",
    "pieces",
    "document",
    "fix",
    "test",
    "chat",
    "next_edit",
)
"""The kinds of question with a system prompt; each is ``configs/prompts/NAME.md``."""


def built_in_texts() -> Mapping[str, str]:
    """Return the built-in system prompts, by name."""
    folder = resources.files("leanwide").joinpath("configs/prompts")
    return MappingProxyType(
        {name: folder.joinpath(f"{name}.md").read_text("utf-8").strip() for name in NAMES}
    )
