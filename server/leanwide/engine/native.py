"""The compiled llama.cpp. Where it cannot be loaded, the import of this module says what to do.

Three files use it: ``ggml.py``, ``process/llama.py`` and ``process/llama_context.py``. They take
the low-level binding of llama-cpp-python: its ``Llama`` class has no abort callback, no sequences
and no buffer flags, ignores unknown arguments and builds broken FIM prompts.
"""

from __future__ import annotations

from leanwide.engine.base import EngineError
from leanwide.engine.restarts import UNLOADABLE

try:
    import llama_cpp
    from llama_cpp import llama_cpp as api
except (ImportError, OSError, RuntimeError) as error:  # what it raises differs by its version
    reason = str(error).rpartition("': ")[2]
    raise EngineError(
        f"{UNLOADABLE} ({reason}): install the library that it lacks, or llama-cpp-python again, "
        "which compiles it for this machine"
    ) from error

__all__ = ["api", "llama_cpp"]
