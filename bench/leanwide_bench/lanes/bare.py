"""A bare loop over llama.cpp, without lanes, scheduler and pipe, as a program of its own.

The engine is compared with it. It reads runs as JSON lines and answers each with another line.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from leanwide.engine.process.llama import Model
from leanwide.engine.process.llama_context import Context, ContextParams, Sampler
from leanwide.engine.process.model_handles import ModelHandles
from leanwide.engine.requests import GREEDY
from leanwide.engine.specs import ModelSpec
from leanwide.models.gguf import read_header


class BareSetup(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: the model and how it is run."""

    model: str
    experts: tuple[int, ...]
    """Expert counts, each of which gets a handle; (0,) for a dense model."""
    context_tokens: int
    batch_tokens: int
    threads: int


class BareRun(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt to evaluate and a number of tokens to generate."""

    experts: int
    text: str
    tokens: int
    """Tokens to generate, also past an end token."""


class BareTimes(msgspec.Struct, frozen=True, kw_only=True):
    """The times of a run."""

    prompt_tokens: int
    prompt_s: float
    decode_s: float


def main() -> None:
    """Answer runs until the input ends."""
    lines = iter(sys.stdin.buffer.readline, b"")
    setup = msgspec.json.decode(next(lines), type=BareSetup)
    with ExitStack() as stack:
        loaded = {count: stack.enter_context(_load(setup, count)) for count in setup.experts}
        for line in lines:
            run = msgspec.json.decode(line, type=BareRun)
            times = _measure(run, *loaded[run.experts], setup.batch_tokens)
            sys.stdout.buffer.write(msgspec.json.encode(times) + b"\n")
            sys.stdout.buffer.flush()


@contextmanager
def _load(setup: BareSetup, experts: int) -> Iterator[tuple[Model, Context]]:
    """Load the weights as the engine does; yield them with a context.

    Raises:
        EngineError: llama.cpp cannot load the model or open the context.
    """
    path = Path(setup.model)
    spec = ModelSpec(
        model_path=path,
        lanes=(),
        threads=setup.threads,
        batch_tokens=setup.batch_tokens,
        use_mmap=True,
        use_extra_bufts=False,
        gpu_layers=0,
    )
    model = ModelHandles(spec, read_header(path), lambda _: None).get(experts)
    params = ContextParams(
        cells=setup.context_tokens,
        sequences=1,
        batch_tokens=setup.batch_tokens,
        threads=setup.threads,
        keeps_scores=True,
    )
    context = model.open_context(params, lambda: False)
    yield model, context
    context.close()
    model.close()


def _measure(run: BareRun, model: Model, context: Context, batch: int) -> BareTimes:
    context.truncate(0, 0)
    tokens = model.tokenize(run.text)
    sampler = Sampler(GREEDY, model.vocabulary_size)
    began = time.perf_counter()
    for start in range(0, len(tokens), batch):
        context.decode(tokens[start : start + batch], start, 0)
    evaluated = time.perf_counter()
    for position in range(len(tokens), len(tokens) + run.tokens):
        context.decode([context.sample(sampler)], position, 0)
    decoded = time.perf_counter()
    sampler.close()
    return BareTimes(
        prompt_tokens=len(tokens), prompt_s=evaluated - began, decode_s=decoded - evaluated
    )


if __name__ == "__main__":
    main()
