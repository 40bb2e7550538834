"""The small model that ships with leanwide, so that it works right after installation."""

from importlib import resources
from pathlib import Path
from typing import Final

from leanwide.models.gguf import GgufHeader

_NAME: Final = "leanwide embedded"
"""What the file calls itself, also where it was copied to."""
_LANGUAGES: Final = ("python",)
"""What it was trained for: the file carries no key for that."""


def embedded_model() -> Path:
    """Give the path of the embedded GGUF file."""
    return Path(str(resources.files(__name__).joinpath("leanwide-embedded.gguf")))


def trained_languages(header: GgufHeader) -> tuple[str, ...]:
    """Return the languages that a model was trained for, as its file says; empty: all."""
    if header.languages or header.name != _NAME:
        return header.languages
    return _LANGUAGES
