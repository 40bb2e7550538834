"""Requests completions at places, and records the suggestions with their times."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import frozen

from leanwide_bench.places.places import CompletionPlace
from leanwide_bench.replay.buffer import Buffer
from leanwide_bench.replay.peer import LlamaServer, infill_body
from leanwide_bench.replay.session import ServerSession, ServerSetup, session

_ANSWER_WITHIN_S: Final = 300.0
_PEER_TOKENS: Final = 64
_PEER_GREEDY: Final = {"n_predict": _PEER_TOKENS, "samplers": ["top_k"], "top_k": 1, "stop": ["\n"]}
"""Generate one greedy line, and answer as soon as it is complete."""


@frozen(kw_only=True)
class PlaceSuggestion:
    """The suggestion at a place."""

    text: str
    ms: float
    """From the request to the answer."""

    def matches(self, truth: str) -> bool:
        """Whether its first line with text is the true one."""
        return self.text.lstrip("\n").partition("\n")[0].strip() == truth


@frozen(kw_only=True)
class PlaceAnswers:
    """One place and the suggestions there."""

    place: CompletionPlace
    first: PlaceSuggestion
    later: PlaceSuggestion
    """At the second request, some seconds later."""
    peer: PlaceSuggestion | None
    """Of the llama-server, if there is one."""


@frozen(kw_only=True)
class PlacesPlan:
    """The places, and the servers to compare at them."""

    setup: ServerSetup
    places: Sequence[CompletionPlace]
    rest_s: float
    """Seconds for which the cursor rests at a place before the first request."""
    pause_s: float
    """Seconds between the two requests at a place."""
    peer: LlamaServer | None


async def ask(plan: PlacesPlan, tell: Callable[[str, float], None]) -> list[PlaceAnswers]:
    """Request suggestions at every place, the servers alternating.

    Args:
        plan: The places and servers.
        tell: Called with a description of the progress and the finished share.

    Raises:
        ReplayError: A server cannot be reached.
    """
    answered: list[PlaceAnswers] = []
    async with session(plan.setup, "utf-8") as server:
        for number, place in enumerate(plan.places):
            tell(f"{number} of {len(plan.places)} places", number / len(plan.places))
            buffer = server.open(place.name, place.language, place.text)
            buffer.cursor = place.cursor
            await server.wait_until_loaded()
            if plan.rest_s:
                server.rest(buffer)
                await asyncio.sleep(plan.rest_s)
            first = await _suggested(server, buffer)
            await asyncio.sleep(plan.pause_s)
            later = await _suggested(server, buffer)
            server.close(buffer.uri)
            peer = (
                None if plan.peer is None else await asyncio.to_thread(_infilled, plan.peer, buffer)
            )
            answered.append(PlaceAnswers(place=place, first=first, later=later, peer=peer))
    return answered


async def _suggested(server: ServerSession, buffer: Buffer) -> PlaceSuggestion:
    began = time.perf_counter()
    _, reply = server.ask(buffer)
    answer = await asyncio.wait_for(reply, _ANSWER_WITHIN_S)
    items: list[dict[str, Any]] = (answer.result or {}).get("items", [])
    text = items[0]["insertText"] if items else ""
    return PlaceSuggestion(
        text=text.removeprefix(buffer.before.lstrip()), ms=1000 * (answer.at - began)
    )


def _infilled(peer: LlamaServer, buffer: Buffer) -> PlaceSuggestion:
    body = {key: value for key, value in infill_body(buffer, 0).items() if key[:2] != "t_"}
    began = time.perf_counter()
    answer = peer.infill({**body, **_PEER_GREEDY})
    ms = 1000 * (time.perf_counter() - began)
    return PlaceSuggestion(text=str(answer.get("content", "")), ms=ms)
