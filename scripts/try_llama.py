"""Tries the installed llama-cpp-python: its version, the functions that leanwide calls, one token.

Ends with exit code 0, or with a sentence on stderr.
"""

from __future__ import annotations

import ast
import math
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1] / "server" / "leanwide"
CALLERS = (PACKAGE / "engine" / "process").glob("*.py")
MODEL = PACKAGE / "models" / "embedded" / "leanwide-embedded.gguf"
TOKEN = 1


def main() -> str:
    """Return what is wrong; "" if nothing is."""
    import llama_cpp  # noqa: PLC0415  # a build that does not load fails here
    from llama_cpp import llama_cpp as api  # noqa: PLC0415

    if llama_cpp.__version__ != metadata.version("llama-cpp-python"):
        return f"it calls itself {llama_cpp.__version__}"
    names = {name for path in CALLERS for name in called(path.read_text("utf-8"))}
    if missing := sorted(name for name in names if not hasattr(api, name)):
        return f"it lacks {', '.join(missing)}"
    if not math.isfinite(logit(api)):
        return "it cannot run the model that ships with leanwide"
    return ""


def called(source: str) -> set[str]:
    """Return the names of llama.cpp that a file uses, all written ``api.NAME``."""
    return {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "api"
    }


def logit(api: Any) -> float:
    """Return the first logit after a token of the model that ships with leanwide, or else NaN."""
    model = api.llama_model_load_from_file(str(MODEL).encode(), api.llama_model_default_params())
    params = api.llama_context_default_params()
    params.n_ctx = 256
    context = api.llama_init_from_model(model, params) if model else None
    if not context:
        return math.nan
    if api.llama_decode(context, api.llama_batch_get_one((api.llama_token * 1)(TOKEN), 1)) != 0:
        return math.nan
    return float(api.llama_get_logits(context)[0])


if __name__ == "__main__":
    sys.exit(main() or 0)
