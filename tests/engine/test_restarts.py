"""What is concluded from the end of an engine process."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from leanwide.engine.restarts import EngineDeath, FailedStarts


@pytest.mark.parametrize(
    ("code", "said", "is_hopeless", "advice"),
    [
        (None, (), False, "free some memory"),
        (-signal.SIGKILL, ("llama.cpp loads",), False, "free some memory"),
        (None, ("ggml.c:12: it is not aligned",), True, "choose another model"),
        (-signal.SIGSEGV, (), True, "choose another model"),
    ],
)
def test_a_model_is_given_up_unless_the_engine_was_killed(code, said, is_hopeless, advice):
    starts = FailedStarts(Path("model.gguf"))
    for _ in range(2):
        starts.died(EngineDeath(code=code, last_lines=said))
    assert starts.hopeless is is_hopeless
    assert starts.failure.endswith(advice)


def test_where_llama_cpp_cannot_be_loaded_no_other_model_is_advised():
    starts = FailedStarts(Path("model.gguf"))
    said = (
        "leanwide.engine.base.EngineError: llama.cpp cannot be loaded (no libgomp.so.1): install it"
    )
    starts.died(EngineDeath(code=1, last_lines=("Traceback (most recent call last):", said)))
    assert starts.hopeless
    assert starts.failure == "llama.cpp cannot be loaded (no libgomp.so.1): install it"
