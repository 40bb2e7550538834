"""Engines for a measurement, and requests with meaningless prompts of a given size."""

from __future__ import annotations

import contextlib
import random
from collections.abc import AsyncIterator
from typing import Final

from leanwide.engine.client import EngineClient
from leanwide.engine.requests import Priority, Request
from leanwide.engine.specs import ModelSpec

_WORDS: Final = ("value", "count", "self", "return", "index", "(name)", "=", "for", "item", "in")
_WORD_COUNT: Final = 600
"""Words of a text."""
_NO_DEADLINE_MS: Final = 3.6e6
"""An hour: longer than any measurement."""


@contextlib.asynccontextmanager
async def engine(spec: ModelSpec) -> AsyncIterator[EngineClient]:
    """Start an engine with its first lane open; close it at the end.

    Raises:
        EngineError: The model cannot be loaded.
    """
    client = EngineClient((spec,))
    try:
        await client.ready(spec.lanes[0].name)
        yield client
    finally:
        await client.close()


def request(
    lane: str, text: str, tokens: int, priority: Priority = Priority.INTERACTIVE
) -> Request:
    """Return a request for ``tokens`` tokens behind a text, without a deadline."""
    return Request(
        lane=lane, prompt=(text,), priority=priority, max_tokens=tokens, deadline_ms=_NO_DEADLINE_MS
    )


def text(seed: int) -> str:
    """Return random words; texts of different seeds differ from the first token on."""
    words = random.Random(seed)  # noqa: S311  # no secret
    return f"{seed} " + " ".join(words.choices(_WORDS, k=_WORD_COUNT))


async def sized(client: EngineClient, seed: int, tokens: int) -> str:
    """Return random words of at most ``tokens`` tokens, and nearly as many."""
    words = text(seed)
    while True:
        (count,) = await client.count(client.lanes[0].name, [words])
        if count <= tokens:
            return words
        words = words[: len(words) * tokens // count]
