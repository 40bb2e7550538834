"""How long a user waits in a session: for initialize, for the first completion, for a key.

Run with ``make bench``; let nothing else run meanwhile.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

from lsprotocol import types
from tests.e2e.session import END, session

LINE = "value = self.settings[name] or default"


async def one_session() -> dict[str, float]:
    """Start the server, wait for the first completion, type a line; return milliseconds."""
    began = time.perf_counter()
    async with session() as editor:
        initialized = time.perf_counter()
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        first = time.perf_counter()
        at, keys, evaluated = END, [], []
        for key in LINE:
            at = editor.insert(uri, at, key)
            pressed = time.perf_counter()
            await editor.complete(uri, at)
            keys.append(1000 * (time.perf_counter() - pressed))
            evaluated.append((await editor.last_request()).tokensEvaluated)
    return {
        "initialize_ms": 1000 * (initialized - began),
        "first_completion_ms": 1000 * (first - began),
        "key_p50_ms": statistics.median(keys),
        "key_max_ms": max(keys),
        "tokens_per_key_median": statistics.median(evaluated),
    }


def test_a_session(benchmark: Any):
    """Medians over the rounds go to ``extra_info``."""
    rounds: list[dict[str, float]] = []
    benchmark.pedantic(lambda: rounds.append(asyncio.run(one_session())), rounds=5)
    for name in rounds[0]:
        benchmark.extra_info[name] = round(statistics.median(r[name] for r in rounds), 1)
    print(benchmark.extra_info)


async def cancel_times() -> list[float]:
    """Cancel a completion at every key; return the milliseconds until the engine is idle."""
    took = []
    async with session() as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        at = END
        for number, key in enumerate(LINE):
            at = editor.insert(uri, at, key)
            context = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic)
            params = types.InlineCompletionParams(context, types.TextDocumentIdentifier(uri), at)
            request = editor.client.protocol.send_request(
                types.TEXT_DOCUMENT_INLINE_COMPLETION, params, msg_id=f"cancel-{number}"
            )
            await asyncio.sleep(0.01)
            cancelled = time.perf_counter()
            editor.client.cancel_request(types.CancelParams(id=f"cancel-{number}"))
            await asyncio.gather(asyncio.wrap_future(request), return_exceptions=True)
            while (await editor.status()).state != "idle":
                await asyncio.sleep(0.001)
            took.append(1000 * (time.perf_counter() - cancelled))
    return sorted(took)


def test_cancel_to_idle(benchmark: Any):
    """From ``$/cancelRequest`` to an idle engine, with the time that a generation is kept for a
    following request."""
    took: list[float] = []
    benchmark.pedantic(lambda: took.extend(asyncio.run(cancel_times())), rounds=1)
    took.sort()
    benchmark.extra_info["p50_ms"] = round(took[len(took) // 2], 1)
    benchmark.extra_info["p95_ms"] = round(took[int(len(took) * 0.95)], 1)
    print(benchmark.extra_info)
