"""A server that takes token ids: what is known of it, and the requests that run there."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Final

from attrs import evolve

from leanwide.engine.base import EngineError
from leanwide.engine.remote.answer_wait import AnswerWait
from leanwide.engine.remote.errors import CONTEXT_SETTINGS
from leanwide.engine.remote.events import CompletionInterface, thinking_tokens
from leanwide.engine.remote.facts import ServerFacts
from leanwide.engine.remote.generation import RemoteGeneration, encode_remotely
from leanwide.engine.remote.http import HttpServer
from leanwide.engine.remote.llama_facts import busy_slots
from leanwide.engine.remote.slots import UNTOLD, CacheContents
from leanwide.engine.remote.vocabulary import RemoteVocabulary
from leanwide.engine.requests import CancelToken, Finished, Piece, PrefillProgress, Prompt, Request
from leanwide.engine.specs import LaneSpec

_POLL_S: Final = 0.003
_RELEASE_S: Final = 2.0
"""Most seconds that a request waits for a slot that the one before it left: a step of a server is
shorter."""
_UNTOLD_RELEASE_S: Final = 0.02
"""The same where the server does not say which slots are busy: it sees a closed connection within
one step."""


class TokenConnection:
    """A :class:`~leanwide.engine.remote.connection.ServerConnection` by token ids."""

    def __init__(
        self,
        server: HttpServer,
        vocabulary: RemoteVocabulary,
        facts: ServerFacts,
        completion: CompletionInterface,
        contents: CacheContents,
    ) -> None:
        self._server = server
        self._vocabulary = vocabulary
        self.facts = facts
        """What the server said of itself."""
        self._completion = completion
        self._contents = contents
        self._releasing: dict[int, asyncio.Task[None]] = {}
        """Slots whose generation was broken off, until they are free."""

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text.

        Raises:
            EngineError: The server cannot be asked.
        """
        return [len(tokens) for tokens in await self._vocabulary.tokenize_all(texts)]

    async def unread(self, prompts: Sequence[Prompt]) -> list[int]:
        """Return how many tokens of each prompt are probably not in the server's KV cache.

        Raises:
            EngineError: The server cannot be asked.
        """
        found = [await self._vocabulary.encode(prompt) for prompt in prompts]
        return [self._contents.unread(tokens) for tokens in found]

    async def run(
        self, request: Request, lane: LaneSpec, cancel: CancelToken
    ) -> AsyncIterator[Piece | PrefillProgress | Finished]:
        """Run a request of a lane.

        Raises:
            EngineError: The request does not fit, or the server refuses or broke off.
        """
        if request.heal and not self.facts.heals:
            request = evolve(request, heal=False)
        prompt = await encode_remotely(self._vocabulary, request)
        _check_length(request, len(prompt.tokens), self.facts.most_tokens(lane))
        if self._releasing:
            await asyncio.wait(list(self._releasing.values()))
        wait = AnswerWait(self._server.name, request.deadline_ms, self._server.timeouts.progress)
        generation = RemoteGeneration(self._completion, self._vocabulary, request, prompt, wait)
        try:
            async with contextlib.aclosing(generation.run(cancel)) as events:  # type: ignore[type-var]  # a generator
                async for event in events:
                    yield event
        finally:
            self._contents.record(generation.slot, generation.held)
            if generation.broken_off and self.facts.slots:
                self._release(UNTOLD if generation.slot is None else generation.slot)

    async def close(self) -> None:
        """Close all connections."""
        for task in list(self._releasing.values()):
            task.cancel()
        await self._server.close()

    def _release(self, slot: int) -> None:
        """Begin to wait for a slot whose generation was broken off.

        A request that comes before the slot is free would be given another one, where its prompt is
        not.
        """

        def forget(done: asyncio.Task[None]) -> None:
            if self._releasing.get(slot) is done:
                del self._releasing[slot]

        task = asyncio.create_task(self._released(slot))
        self._releasing[slot] = task
        task.add_done_callback(forget)

    async def _released(self, slot: int) -> None:
        if not self.facts.tells_slots:
            await asyncio.sleep(_UNTOLD_RELEASE_S)
            return
        late = time.monotonic() + _RELEASE_S
        with contextlib.suppress(EngineError):
            busy = await busy_slots(self._server)
            waited_for = busy if slot == UNTOLD else {slot}
            while waited_for and waited_for <= busy and time.monotonic() < late:
                await asyncio.sleep(_POLL_S)
                busy = await busy_slots(self._server)


def _check_length(request: Request, tokens: int, most: int) -> None:
    """Check that prompt and answer fit a context.

    Raises:
        EngineError: They do not.
    """
    answer = request.max_tokens + thinking_tokens(request)
    if tokens + answer > most:
        raise EngineError(
            f"{tokens} prompt and {answer} answer tokens do not fit a context of {most}: "
            f"start the server with a longer one ({CONTEXT_SETTINGS}), or raise context_tokens"
        )
