"""The small model that ships with leanwide, so that it works right after installation."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

from leanwide.models.gguf_header import GgufHeader

_NAME: Final = "leanwide embedded"
"""The model's name in its header, which copies of the file have too."""
_LANGUAGES: Final = ("python",)
"""The languages it was trained for: its header has no key for them."""


def embedded_model() -> Path:
    """Return the path of the embedded GGUF file."""
    return Path(str(resources.files(__name__).joinpath("leanwide-embedded.gguf")))


def trained_languages(header: GgufHeader) -> tuple[str, ...]:
    """Return the languages that a model was trained for, from its header; empty: all."""
    if header.languages or header.name != _NAME:
        return header.languages
    return _LANGUAGES
