"""Measures lanes over one model file: speed by expert count, memory, keys, cold and warm start.

Expert counts alternate, and each is measured right next to a bare loop: a machine's speed drifts,
but figures of the same round are comparable.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import product
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
from attrs import evolve, frozen

from leanwide import child
from leanwide.engine.base import EngineError, finish
from leanwide.engine.requests import Finished
from leanwide.engine.specs import LaneSpec, ModelSpec
from leanwide_bench.lanes.asking import engine, request, sized, text
from leanwide_bench.lanes.bare import BareRun, BareSetup, BareTimes
from leanwide_bench.lanes.keys import KeyTimes, measure_keys

_PROMPT_TOKENS: Final = 256
"""Approximate length of a measured prompt."""
_ANSWER_TOKENS: Final = 64
_CONTEXT_TOKENS: Final = 512

Progress = Callable[[str], None]
"""Called with the name of the next measurement."""


@frozen(kw_only=True)
class WidthSpeed:
    """Speed with one expert count; medians over rounds, in tokens per second."""

    experts: int
    prompt_tokens_per_s: float
    decode_tokens_per_s: float
    bare_prompt_tokens_per_s: float
    """Of the bare loop in the same rounds."""
    bare_decode_tokens_per_s: float


@frozen
class _Rates:
    """The speeds of one run, in tokens per second."""

    prompt: float
    decode: float


@frozen(kw_only=True)
class LaneMemory:
    """Start times and memory of the lanes; bytes are the engine's proportional set size."""

    cold_start_ms: float | None
    """From the start of the process to a loaded model with nothing of the file in memory; None if
    the system cannot drop a file from memory."""
    warm_start_ms: float
    one_lane_bytes: int
    two_lanes_bytes: int
    second_lane_ms: float
    second_lane_buffers_bytes: int
    """KV cache and compute buffers of the second lane, as llama.cpp allocated them."""

    @property
    def second_handle_bytes(self) -> int:
        """Bytes of the second lane besides its buffers."""
        return self.two_lanes_bytes - self.one_lane_bytes - self.second_lane_buffers_bytes


@frozen(kw_only=True)
class LanesReport:
    """All measurements."""

    opened: LaneMemory
    widths: tuple[WidthSpeed, ...]
    keys: KeyTimes


async def measure_lanes(
    spec: ModelSpec, counts: Sequence[int], rounds: int, progress: Progress
) -> LanesReport:
    """Measure a model with an engine that has the lanes of ``spec``, lean first.

    Raises:
        EngineError: The model cannot be loaded, or does not fit.
    """
    progress("cold start")
    cold = await _start_ms(spec) if _drop_from_memory(spec.model_path) else None
    progress("warm start")
    warm = await _start_ms(spec)
    progress("a second lane")
    opened = await _open_two(spec, cold, warm)
    progress("keys")
    keys = await measure_keys(spec)
    widths = await _speeds(spec, counts, rounds, progress)
    return LanesReport(opened=opened, widths=widths, keys=keys)


def _drop_from_memory(path: Path) -> bool:
    """Drop a file from the page cache; return whether the system has a call for that."""
    if not hasattr(os, "posix_fadvise"):
        return False
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True


async def _start_ms(spec: ModelSpec) -> float:
    began = time.perf_counter()
    async with engine(spec) as client:
        await finish(client, request(spec.lanes[0].name, "x", 1))
        return 1000 * (time.perf_counter() - began)


async def _open_two(spec: ModelSpec, cold: float | None, warm: float) -> LaneMemory:
    lean, wide = spec.lanes
    async with engine(spec) as client:
        await finish(client, request(lean.name, text(1), 4))
        one = await client.memory_bytes()
        await finish(client, request(wide.name, "x", 0))
        two = await client.memory_bytes()
        info = next(lane for lane in client.lanes if lane.name == wide.name)
        return LaneMemory(
            cold_start_ms=cold,
            warm_start_ms=warm,
            one_lane_bytes=one,
            two_lanes_bytes=two,
            second_lane_ms=info.load_ms,
            second_lane_buffers_bytes=info.measured_bytes,
        )


async def _speeds(
    spec: ModelSpec, counts: Sequence[int], rounds: int, progress: Progress
) -> tuple[WidthSpeed, ...]:
    lanes = tuple(
        LaneSpec(name=str(count), experts=count, context_tokens=_CONTEXT_TOKENS, sequences=1)
        for count in counts
    )
    ours: dict[int, list[_Rates]] = {count: [] for count in counts}
    bare: dict[int, list[_Rates]] = {count: [] for count in counts}
    async with engine(evolve(spec, lanes=lanes)) as client, _bare_loop(spec, counts) as loop:
        for turn, count in product(range(rounds + 1), counts):
            progress(f"{count} experts, round {turn} of {rounds}")
            words = await sized(client, 100 + turn, _PROMPT_TOKENS)
            ours[count].append(
                _rates(await finish(client, request(str(count), words, _ANSWER_TOKENS)))
            )
            times = await loop(BareRun(experts=count, text=words, tokens=_ANSWER_TOKENS))
            bare[count].append(
                _Rates(times.prompt_tokens / times.prompt_s, _ANSWER_TOKENS / times.decode_s)
            )
    # Round 0 does not count: thread counts are learned, and pages come into memory.
    return tuple(_width(count, ours[count][1:], bare[count][1:]) for count in counts)


@contextlib.asynccontextmanager
async def _bare_loop(
    spec: ModelSpec, counts: Sequence[int]
) -> AsyncIterator[Callable[[BareRun], Awaitable[BareTimes]]]:
    """Start the bare loop in a process of its own; yield a function that runs it."""
    process = await child.start(child.python("-m", "leanwide_bench.lanes.bare"))
    assert process.stdin is not None  # noqa: S101  # it is a pipe
    assert process.stdout is not None  # noqa: S101
    stdin, stdout = process.stdin, process.stdout
    setup = BareSetup(
        model=str(spec.model_path.absolute()),
        experts=tuple(counts),
        context_tokens=_CONTEXT_TOKENS,
        batch_tokens=spec.batch_tokens,
        threads=spec.threads,
    )
    stdin.write(msgspec.json.encode(setup) + b"\n")

    async def do(run: BareRun) -> BareTimes:
        stdin.write(msgspec.json.encode(run) + b"\n")
        line = await stdout.readline()
        if not line:
            raise EngineError("the bare loop over llama.cpp ended: see its messages above")
        return msgspec.json.decode(line, type=BareTimes)

    try:
        yield do
    finally:
        stdin.close()
        await process.wait()


def _rates(end: Finished) -> _Rates:
    """Return the speeds of a run; its first token comes with the prompt and needs no step."""
    stats = end.stats
    return _Rates(
        1000 * stats.tokens_evaluated / stats.prompt_ms,
        1000 * (stats.tokens_generated - 1) / stats.decode_ms,
    )


def _width(count: int, ours: Sequence[_Rates], bare: Sequence[_Rates]) -> WidthSpeed:
    return WidthSpeed(
        experts=count,
        prompt_tokens_per_s=median(rates.prompt for rates in ours),
        decode_tokens_per_s=median(rates.decode for rates in ours),
        bare_prompt_tokens_per_s=median(rates.prompt for rates in bare),
        bare_decode_tokens_per_s=median(rates.decode for rates in bare),
    )
