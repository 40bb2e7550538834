"""Latency of keys on an idle engine and during a question, and of cancelling a prompt."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from itertools import count
from typing import Final

from attrs import frozen

from leanwide.engine.base import finish
from leanwide.engine.client import EngineClient
from leanwide.engine.requests import CancelToken, Priority
from leanwide.engine.specs import ModelSpec
from leanwide_bench.lanes.asking import engine, request, sized, text
from leanwide_bench.replay.measure import Spread, spread

_WINDOW_TOKENS: Final = 600
"""Tokens of the window that keys are typed behind."""
_QUIET_LINE: Final = "total = sum(values) + offset"
_BUSY_LINE: Final = "result = max(counts, key=len)"
"""Lines that are typed behind the window, on an idle engine and during questions."""
_KEYS: Final = 20
_CANCEL_AFTER_S: Final = 0.15
"""Seconds from the start of a prompt to its cancellation."""
_QUESTION_TOKENS: Final = 600
_PAUSES_S: Final = (1.5, 0.2, 0.2, 0.2)
"""Seconds before each key during a question: one pause for the prefill, then a burst."""
_BURSTS: Final = 3


@frozen(kw_only=True)
class KeyTimes:
    """Latencies on the lean lane."""

    window_tokens: int
    key_ms: Spread
    """From a key to the first new token."""
    beside_question_ms: Spread
    """The same while the wide lane evaluates the prompt of a question."""
    cancel_ms: Spread
    """From the cancellation of a prompt to an idle engine."""


async def measure_keys(spec: ModelSpec) -> KeyTimes:
    """Type behind a window on an idle engine and during questions; then cancel prompts.

    Raises:
        EngineError: The model cannot be loaded.
    """
    lean, wide = (lane.name for lane in spec.lanes)
    async with engine(spec) as client:
        window = await sized(client, 2, _WINDOW_TOKENS)
        (tokens,) = await client.count(client.lanes[0].name, [window])
        await finish(client, request(lean, window, 1))
        quiet = [await _key_ms(client, lean, window + _QUIET_LINE[: at + 1]) for at in range(_KEYS)]
        await finish(client, request(wide, "x", 0))  # opens the lane before the questions come
        async with _questions(client, wide):
            busy = []
            for at, seconds in enumerate(_PAUSES_S * _BURSTS):
                await asyncio.sleep(seconds)
                busy.append(await _key_ms(client, lean, window + _BUSY_LINE[: at + 1]))
        cancels = [await _cancel_ms(client, lean, text(seed)) for seed in range(10, 10 + _KEYS)]
    return KeyTimes(
        window_tokens=tokens,
        key_ms=_known(quiet),
        beside_question_ms=_known(busy),
        cancel_ms=_known(cancels),
    )


async def _key_ms(client: EngineClient, lane: str, words: str) -> float:
    """Return the milliseconds until the first new token."""
    began = time.perf_counter()
    await finish(client, request(lane, words, 1))
    return 1000 * (time.perf_counter() - began)


@contextlib.asynccontextmanager
async def _questions(client: EngineClient, lane: str) -> AsyncIterator[None]:
    """Evaluate the prompts of questions one after the other in the background."""
    cancel = CancelToken()

    async def ask() -> None:
        for seed in count(1000):
            if cancel.cancelled:
                return
            words = await sized(client, seed, _QUESTION_TOKENS)
            await finish(client, request(lane, words, 0, Priority.COMMAND), cancel)

    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        cancel.cancel()
        await asking


async def _cancel_ms(client: EngineClient, lane: str, words: str) -> float:
    """Cancel in the middle of a prompt; return the milliseconds until the engine is idle."""
    cancel = CancelToken()
    work = asyncio.create_task(finish(client, request(lane, words, 1), cancel))
    await asyncio.sleep(_CANCEL_AFTER_S)
    began = time.perf_counter()
    cancel.cancel()
    await work
    await finish(client, request(lane, "x", 0))
    return 1000 * (time.perf_counter() - began)


def _known(values: Sequence[float]) -> Spread:
    found = spread(values)
    assert found is not None  # noqa: S101  # there are always values
    return found
