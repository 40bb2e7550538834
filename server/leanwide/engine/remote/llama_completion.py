"""llama-server's ``/completion``: what it is asked, and what its events say."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

from leanwide.engine.remote.events import GenerationEvent, Round, Stop, Timings, ids, number
from leanwide.engine.remote.healing import beginning
from leanwide.engine.remote.http import HttpServer
from leanwide.engine.requests import PrefillProgress, Sampling

_PING_S: Final = 5
"""Seconds between comments of a server that has nothing to say."""
_FINAL_FIELDS: Final = ("content", "tokens", "stop", "id_slot", "stop_type", "timings")
"""Of the last event; the rest repeats the prompt."""


class LlamaCompletion:
    """A :class:`~leanwide.engine.remote.events.CompletionInterface` of a llama-server."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server

    @property
    def name(self) -> str:
        """The server's host and port, for messages."""
        return self._server.name

    async def events(
        self, asked: Round, sampling: Sampling, sent: Callable[[], None]
    ) -> AsyncIterator[GenerationEvent]:
        """Ask, and yield the events of the answer; closing it closes the connection.

        Raises:
            EngineError: The server refuses, or cannot be asked, or breaks off.
        """
        body, silence_s = dict(_body(asked, sampling)), self._server.timeouts.silence
        stream = self._server.stream("completion", body, silence_s, sent)
        async with contextlib.aclosing(stream) as events:  # type: ignore[type-var]  # a generator
            async for event in events:
                yield _read(event)


def _body(asked: Round, sampling: Sampling) -> Mapping[str, Any]:
    return {
        "prompt": list(asked.tokens),
        "n_predict": asked.max_tokens,
        "cache_prompt": True,
        "stream": True,
        "return_tokens": True,
        "return_progress": True,
        "timings_per_token": True,
        "sse_ping_interval": _PING_S,
        "response_fields": list(_FINAL_FIELDS),
        "preserved_tokens": list(asked.marks),
        "ignore_eos": not asked.may_end,
        **({"grammar": beginning(asked.needed)} if asked.needed else {}),
        # The samplers that leanwide's own engine has, and no others.
        "samplers": ["penalties", "top_k", "top_p", "min_p", "temperature"],
        "temperature": sampling.temperature,
        "top_k": sampling.top_k if sampling.temperature > 0 else 1,
        "top_p": sampling.top_p,
        "min_p": sampling.min_p,
        "seed": sampling.seed,
        "repeat_penalty": sampling.repeat_penalty,
        "repeat_last_n": sampling.penalty_tokens,
    }


def _read(event: Mapping[str, Any]) -> GenerationEvent:
    content, slot = event.get("content"), event.get("id_slot")
    stop = None
    if event.get("stop") is True:
        stop = Stop.LIMIT if event.get("stop_type") == "limit" else Stop.END
    return GenerationEvent(
        text=content if isinstance(content, str) else "",
        tokens=ids(event.get("tokens")),
        predicted=int(number(event, "tokens_predicted")),
        slot=slot if type(slot) is int and slot >= 0 else None,
        progress=_progress(event.get("prompt_progress")),
        timings=_timings(event["timings"]) if "timings" in event else None,
        stop=stop,
    )


def _progress(found: Any) -> PrefillProgress | None:
    if not isinstance(found, dict):
        return None
    return PrefillProgress(int(number(found, "processed")), int(number(found, "total")))


def _timings(found: Any) -> Timings:
    found = found if isinstance(found, dict) else {}
    return Timings(
        evaluated=int(number(found, "prompt_n")),
        reused=int(number(found, "cache_n")),
        prompt_ms=number(found, "prompt_ms"),
        decode_ms=number(found, "predicted_ms"),
    )
