"""What ``leanwide --version`` prints: the versions that decide what it suggests."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import version
from typing import Final

from leanwide import __version__
from leanwide.models.embedded import embedded_model

_DIGEST: Final = 12
"""Hexadecimal digits of a model's SHA-256 that are shown: enough to tell two models apart."""


def versions() -> str:
    """Return one line for each of leanwide, Python, llama.cpp and the embedded model.

    llama.cpp has the version of the package that binds it; the model that of its bytes, because it
    changes with a release at most. Nothing native is loaded.
    """
    with embedded_model().open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:_DIGEST]
    return "\n".join(
        (
            f"leanwide {__version__}",
            f"Python {platform.python_version()} on {platform.system()} {platform.machine()}",
            f"llama.cpp of llama-cpp-python {version('llama-cpp-python')}",
            f"embedded model sha256:{digest}",
        )
    )
