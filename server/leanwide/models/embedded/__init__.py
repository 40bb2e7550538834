"""The small model that ships with leanwide, so that it works right after installation."""

from importlib import resources
from pathlib import Path


def embedded_model() -> Path:
    """Give the path of the embedded GGUF file."""
    return Path(str(resources.files(__name__).joinpath("leanwide-embedded.gguf")))
