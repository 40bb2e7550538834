"""Short builders for engines, requests and runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from leanwide.engine.process.job import Job, Step
from leanwide.engine.process.lane import Lane
from leanwide.engine.process.lanes import Lanes
from leanwide.engine.process.llama import Model
from leanwide.engine.process.llama_context import Context, ContextParams
from leanwide.engine.requests import Finished, Markup, Piece, Priority, Prompt, Request, Stats
from leanwide.engine.specs import LaneSpec, ModelSpec

LEAN = LaneSpec(name="lean", experts=2, context_tokens=512, sequences=3)
WIDE = LaneSpec(name="wide", experts=4, context_tokens=1024, sequences=2)

FREE = Stats(
    lane="lean",
    experts=2,
)


def spec(path: Path, *lanes: LaneSpec) -> ModelSpec:
    """Return an engine with one thread, so that a test leaves cores to others."""
    return ModelSpec(
        model_path=path,
        lanes=lanes or (LEAN, WIDE),
        threads=1,
        batch_tokens=64,
        use_mmap=True,
        use_extra_bufts=False,
        gpu_layers=0,
    )


def request(*prompt: str | int | Markup, **changes: Any) -> Request:
    """Return a greedy request on the lean lane, practically without a deadline."""
    fields: dict[str, Any] = {
        "lane": "lean",
        "prompt": prompt,
        "priority": Priority.COMMAND,
        "max_tokens": 8,
        "deadline_ms": 1e9,
    }
    return Request(**{**fields, **changes})


def job(wanted: Request, cancelled: Callable[[], bool] = lambda: False) -> Job:
    return Job(request=wanted, arrived=time.monotonic(), cancelled=cancelled)


def text_of(steps: Iterable[Step]) -> str:
    return "".join(step.text for step in steps if isinstance(step, Piece))


def to_end(steps: Iterable[Step]) -> tuple[list[Step], Finished]:
    """Run steps to the end; return the steps before it, and the end."""
    *before, end = steps
    assert isinstance(end, Finished)
    assert not any(isinstance(step, Finished) for step in before)
    return before, end


def run(lane: Lane, /, *prompt: str | int | Markup, **changes: Any) -> tuple[str, Finished]:
    """Run a request to its end; return the answer's text and how it ended."""
    steps, end = to_end(lane.run(job(request(*prompt, **changes))))
    return text_of(steps), end


def run_cached(lane: Lane, prompt: Prompt, /, **changes: Any) -> tuple[str, Finished]:
    """Run a request whose prompt is in the KV cache: the answer is the same every time.

    llama.cpp adds in another order when it evaluates a prompt in other chunks, so the answer to a
    cached prompt may differ from that to a fresh one. Two answers of one sequence do not differ;
    two sequences may have been evaluated in different chunks.
    """
    run(lane, *prompt, **{**changes, "max_tokens": 0})
    return run(lane, *prompt, **changes)


def model_of(lanes: Lanes) -> Model:
    """Return the model of lanes of which one is open."""
    assert lanes.model is not None
    return lanes.model


def noted_cells(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which the cells of each context are added that is opened from now on."""
    cells, open_context = [], Model.open_context

    def noting(model: Model, params: ContextParams, abort: Callable[[], bool]) -> Context:
        cells.append(params.cells)
        return open_context(model, params, abort)

    monkeypatch.setattr(Model, "open_context", noting)
    return cells
