"""A running explanation is preempted by completions and loses nothing; with the real engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import attrs

from leanwide.engine.client import EngineClient
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    FinishReason,
    Markup,
    Piece,
    Priority,
    Request,
    Thinking,
)
from leanwide.engine.specs import LaneSpec
from leanwide.models.answer_marks import answer_marks
from tests.engine.make import LEAN, request, spec

WIDE = LaneSpec(name="wide", experts=4, context_tokens=2048, sequences=1)
THINKING = Thinking(
    marks=answer_marks(None), budget_tokens=40, conclusion="\n</think>\n", begun=True
)


def explain(name: str) -> Request:
    """Return a request to explain code that defines ``name`` twenty times."""
    return request(
        Markup("<|im_start|>user\n"),
        f"def {name}(x):\n    return x\n" * 20,
        Markup("<|im_end|>\n<|im_start|>assistant\n"),
        lane="wide",
        max_tokens=120,
        thinking=THINKING,
    )


EXPLAIN = explain("f")


async def answer(client: EngineClient, wanted: Request) -> tuple[str, Finished]:
    text, end = "", None
    async for event in client.generate(wanted, CancelToken()):
        if isinstance(event, Finished):
            end = event
        else:
            text += event.text
    assert end is not None
    return text, end


async def long_explanation(client: EngineClient) -> tuple[Request, str, Finished]:
    """Find an explanation that goes on after its thinking; random weights end some early."""
    for name in "abcdefghijkl":
        wanted = explain(name)
        await answer(client, attrs.evolve(wanted, max_tokens=0))  # caches the prompt
        alone, end = await answer(client, wanted)
        if end.stats.tokens_generated > 50:
            return wanted, alone, end
    raise AssertionError("every explanation ends early")


async def test_completions_are_answered_meanwhile_and_the_text_is_the_same(tiny: Path):
    client = EngineClient((spec(tiny, LEAN, WIDE),))
    try:
        async with asyncio.timeout(100):
            await client.ready("lean")
            wanted, alone, end = await long_explanation(client)
            interrupted, order = "", []
            explaining = client.generate(wanted, CancelToken())
            typed = 0
            async for event in explaining:
                if isinstance(event, Piece):
                    interrupted += event.text
                    order.append("explain")
                    if typed < 10:
                        typed += 1
                        key = request(f"x{typed} = ", priority=Priority.INTERACTIVE, max_tokens=4)
                        _, finished = await answer(client, key)
                        assert finished.reason is not FinishReason.CANCELLED
                        order.append("complete")
                else:
                    again = event
    finally:
        await client.close()
    assert order.count("complete") == 10
    assert order[-1] == "explain"
    assert interrupted == alone
    assert again.stats.tokens_generated == end.stats.tokens_generated
    assert again.stats.tokens_evaluated == end.stats.tokens_evaluated == 1


async def test_a_cancelled_explanation_keeps_its_prompt_for_the_next_one(tiny: Path):
    client = EngineClient((spec(tiny, LEAN, WIDE),))
    try:
        async with asyncio.timeout(100):
            await client.ready("lean")
            cancel = CancelToken()
            async for event in client.generate(EXPLAIN, cancel):
                cancel.cancel()
                last = event
            assert isinstance(last, Finished)
            assert last.reason is FinishReason.CANCELLED
            _, end = await answer(client, EXPLAIN)
    finally:
        await client.close()
    assert end.stats.tokens_reused > 100
