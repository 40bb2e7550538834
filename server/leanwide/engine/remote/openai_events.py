"""What the streams of OpenAI's interface have in common: choices, usage, and their end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

from attrs import frozen

from leanwide.engine.base import EngineError
from leanwide.engine.remote.events import Stop, number

_USAGE_S: Final = 1.0
"""Seconds that the usage may come after the answer's end; some servers send none."""


@frozen(kw_only=True)
class AnswerUsage:
    """The end of an answer, and its cost as far as the server tells it."""

    stop: Stop = Stop.END
    prompt_tokens: int = 0
    """0: not told."""
    cached_tokens: int | None = None
    """Those of the prompt that its cache held; None: not told."""
    generated: int = 0
    """0: not told."""


def choice_of(event: dict[str, Any]) -> dict[str, Any]:
    """Return the first choice of an event; empty where there is none."""
    choices = event.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def usage_of(event: dict[str, Any], stop: Stop = Stop.END) -> AnswerUsage:
    """Return the cost that an event tells."""
    usage = event.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return AnswerUsage(
        stop=stop,
        prompt_tokens=int(number(usage, "prompt_tokens")),
        cached_tokens=cached if type(cached) is int and cached >= 0 else None,
        generated=int(number(usage, "completion_tokens")),
    )


async def with_usage(
    stream: AsyncIterator[dict[str, Any]],
) -> AsyncIterator[dict[str, Any] | AnswerUsage]:
    """Yield the events of an answer, then its usage; nothing more where it is broken off.

    The answer ends with a reason; the usage follows in an event of its own, or in the same, or
    not at all.

    Raises:
        EngineError: The server refuses, or cannot be asked, or breaks off.
    """
    async with contextlib.aclosing(stream) as events:  # type: ignore[type-var]  # a generator
        async for event in events:
            yield event
            if reason := choice_of(event).get("finish_reason"):
                stop = Stop.LIMIT if reason == "length" else Stop.END
                yield await _usage_after(events, usage_of(event, stop))
                return


async def _usage_after(events: AsyncIterator[dict[str, Any]], told: AnswerUsage) -> AnswerUsage:
    """Return the usage that follows the end of an answer, or what was told with it."""
    if told.prompt_tokens:
        return told
    with contextlib.suppress(TimeoutError, EngineError):  # the answer is whole all the same
        async with asyncio.timeout(_USAGE_S):
            async for event in events:
                if (found := usage_of(event, told.stop)).prompt_tokens:
                    return found
    return told
