"""Engines, requests and runs, said in as few words as a test needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from leanwide.engine.base import (
    EngineSpec,
    Finished,
    LaneSpec,
    Piece,
    Priority,
    Prompt,
    Request,
    Stats,
)
from leanwide.engine.process.job import Job, Step
from leanwide.engine.process.lane import Lane

LEAN = LaneSpec(name="lean", experts=2, context_tokens=512, sequences=3)
WIDE = LaneSpec(name="wide", experts=4, context_tokens=1024, sequences=2)

FREE = Stats(
    lane="lean",
    experts=2,
    tokens_evaluated=0,
    tokens_reused=0,
    tokens_generated=0,
    queue_ms=0.0,
    prompt_ms=0.0,
    decode_ms=0.0,
)


def spec(path: Path, *lanes: LaneSpec) -> EngineSpec:
    """An engine on one thread, so that a test shares the machine with others."""
    return EngineSpec(
        model_path=path,
        lanes=lanes or (LEAN, WIDE),
        threads=1,
        batch_tokens=64,
        use_mmap=True,
        use_extra_bufts=False,
        gpu_layers=0,
    )


def request(*prompt: str | int, **changes: object) -> Request:
    """A greedy request on the lean lane that has all the time in the world."""
    fields: dict[str, object] = {
        "lane": "lean",
        "prompt": prompt,
        "priority": Priority.COMMAND,
        "max_tokens": 8,
        "deadline_ms": 1e9,
    }
    return Request(**{**fields, **changes})


def job(asked: Request, cancelled: Callable[[], bool] = lambda: False) -> Job:
    return Job(request=asked, arrived=time.monotonic(), cancelled=cancelled)


def text_of(steps: Iterable[Step]) -> str:
    return "".join(step.text for step in steps if isinstance(step, Piece))


def run(lane: Lane, /, *prompt: str | int, **changes: object) -> tuple[str, Finished]:
    """Run a request to its end; gives the answer's text and how it ended."""
    *steps, end = lane.run(job(request(*prompt, **changes)))
    assert isinstance(end, Finished)
    assert not any(isinstance(step, Finished) for step in steps)
    return text_of(steps), end


def settled(lane: Lane, prompt: Prompt, /, **changes: object) -> tuple[str, Finished]:
    """Run a request whose prompt is in the KV cache already: the same every time.

    llama.cpp adds up in another order when it evaluates a prompt in other slices, so an answer to
    a prompt from the cache may differ from one to a fresh prompt; two from the cache do not.
    """
    run(lane, *prompt, **{**changes, "max_tokens": 0})
    return run(lane, *prompt, **changes)
