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
