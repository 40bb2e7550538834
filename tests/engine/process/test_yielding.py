"""An explanation under way gives way to typing and loses nothing by it; through the real engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import attrs

from leanwide.engine.base import (
    CancelToken,
    Finished,
    FinishReason,
    LaneSpec,
    Markup,
    Piece,
    Priority,
    Request,
    Thinking,
)
from leanwide.engine.client import EngineClient
from tests.engine.make import LEAN, request, spec

WIDE = LaneSpec(name="wide", experts=4, context_tokens=2048, sequences=1)
THINKING = Thinking(
    opening="<think>", closing="</think>", budget_tokens=40, conclusion="\n</think>\n", begun=True
)


def explain(name: str) -> Request:
    """An explanation of some code that defines ``name`` twenty times."""
    return request(
        Markup("<|im_start|>user\n"),
        f"def {name}(x):\n    return x\n" * 20,
        Markup("<|im_end|>\n<|im_start|>assistant\n"),
        lane="wide",
        max_tokens=120,
        thinking=THINKING,
    )


EXPLAIN = explain("f")


async def heard(client: EngineClient, asked: Request) -> tuple[str, Finished]:
    text, end = "", None
    async for event in client.generate(asked, CancelToken()):
        if isinstance(event, Finished):
            end = event
        else:
            text += event.text
    assert end is not None
    return text, end


async def long_one(client: EngineClient) -> tuple[Request, str, Finished]:
    """An explanation that goes on after its thinking; random weights end some early."""
    for name in "abcdefghijkl":
        asked = explain(name)
        await heard(client, attrs.evolve(asked, max_tokens=0))  # the prompt is in the cache
        alone, end = await heard(client, asked)
        if end.stats.tokens_generated > 50:
            return asked, alone, end
    raise AssertionError("every explanation ends early")


async def test_completions_answer_meanwhile_and_the_text_is_the_undisturbed_one(tiny: Path):
    client = EngineClient(spec(tiny, LEAN, WIDE))
    try:
        async with asyncio.timeout(100):
            await client.ready()
            asked, alone, end = await long_one(client)
            disturbed, order = "", []
            explaining = client.generate(asked, CancelToken())
            typed = 0
            async for event in explaining:
                if isinstance(event, Piece):
                    disturbed += event.text
                    order.append("explain")
                    if typed < 10:
                        typed += 1
                        key = request(f"x{typed} = ", priority=Priority.INTERACTIVE, max_tokens=4)
                        _, answered = await heard(client, key)
                        assert answered.reason is not FinishReason.CANCELLED
                        order.append("complete")
                else:
                    again = event
    finally:
        await client.close()
    assert order.count("complete") == 10
    assert order[-1] == "explain"
    assert disturbed == alone
    assert again.stats.tokens_generated == end.stats.tokens_generated
    assert again.stats.tokens_evaluated == end.stats.tokens_evaluated == 1


async def test_a_cancelled_explanation_keeps_its_prompt_for_the_next_one(tiny: Path):
    client = EngineClient(spec(tiny, LEAN, WIDE))
    try:
        async with asyncio.timeout(100):
            await client.ready()
            cancel = CancelToken()
            async for event in client.generate(EXPLAIN, cancel):
                cancel.cancel()
                last = event
            assert isinstance(last, Finished)
            assert last.reason is FinishReason.CANCELLED
            _, end = await heard(client, EXPLAIN)
    finally:
        await client.close()
    assert end.stats.tokens_reused > 100
