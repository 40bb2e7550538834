"""The server of llama-cpp-python, without repacked weights.

These are for instructions that some virtual machines announce, and end the process for.
"""

from __future__ import annotations

import sys
from typing import Any

from llama_cpp import llama_cpp

_default_params = llama_cpp.llama_model_default_params


def without_repacking() -> Any:
    """Return the usual parameters of a model, with weights as they are in the file."""
    params = _default_params()
    params.use_extra_bufts = False
    return params


if __name__ == "__main__":
    llama_cpp.llama_model_default_params = without_repacking
    from llama_cpp.server.__main__ import main

    sys.exit(main())
