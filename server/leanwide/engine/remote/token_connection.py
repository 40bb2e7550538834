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
from leanwide.engine.remote.events import CompletionInterface, thinking_tokens
from leanwide.engine.remote.facts import ServerFacts
from leanwide.engine.remote.generation import RemoteGeneration, encode_remotely
from leanwide.engine.remote.http import HttpServer
from leanwide.engine.remote.identity import ServerIdentity
from leanwide.engine.remote.llama_facts import busy_slots
from leanwide.engine.remote.slot_release import AwaitedRelease, BrokenOff
from leanwide.engine.remote.slots import CacheContents
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
        identity: ServerIdentity,
    ) -> None:
        self._server = server
        self._vocabulary = vocabulary
        self.facts = facts
        """What the server said of itself."""
        self._completion = completion
        self._contents = contents
        self._identity = identity
        self._running: set[RemoteGeneration] = set()
        self._releasing: set[asyncio.Task[None]] = set()
        """One for each generation that was broken off, until its slot is free."""
        self._tasks: frozenset[int] = frozenset()
        """The server's tasks, at the last look at its slots."""

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
        prompt, _ = await asyncio.gather(
            encode_remotely(self._vocabulary, request), self._identity.check()
        )
        self._check_length(request, len(prompt.tokens), lane)
        await self._all_released(cancel)
        wait = AnswerWait(self._server.name, request.deadline_ms, self._server.timeouts.progress)
        generation = RemoteGeneration(self._completion, self._vocabulary, request, prompt, wait)
        self._running.add(generation)
        earlier = self._tasks
        try:
            async with contextlib.aclosing(generation.run(cancel)) as events:  # type: ignore[type-var]  # a generator
                async for event in events:
                    if not isinstance(event, Finished):
                        self._identity.note_answer()
                    yield event
        finally:
            self._running.remove(generation)
            self._contents.record(generation.slot, generation.held)
            if generation.broken_off and self.facts.slots:
                self._release(generation, earlier)

    async def close(self) -> None:
        """Close all connections."""
        for task in self._releasing:
            task.cancel()
        if self._releasing:
            await asyncio.wait(self._releasing)
        await self._server.close()

    def _check_length(self, request: Request, tokens: int, lane: LaneSpec) -> None:
        """Check that prompt and answer fit the context of a lane.

        Raises:
            EngineError: They do not.
        """
        answer = request.max_tokens + thinking_tokens(request)
        needed, most = tokens + answer, self.facts.most_tokens(lane)
        if needed > most:
            told = f"{tokens} prompt and {answer} answer tokens do not fit a context of {most}"
            if most < lane.context_tokens:
                raise EngineError(
                    f"{told} at {self._server.name}: {self.facts.longer_context(needed)}"
                )
            raise EngineError(f"{told}: raise context_tokens of the lane's modes")

    async def _all_released(self, cancel: CancelToken) -> None:
        """Wait for the slots of generations that were broken off, unless cancelled."""
        if not self._releasing:
            return
        waiting = asyncio.create_task(asyncio.wait(set(self._releasing)))

        def stop() -> None:
            waiting.cancel()

        cancel.on_cancel(stop)
        await asyncio.wait((waiting,))

    def _release(self, generation: RemoteGeneration, earlier: frozenset[int]) -> None:
        """Begin to wait for the slot of a generation that was broken off.

        A request that comes before the slot is free would be given another one, where its prompt is
        not.
        """
        slots = (other.slot for other in self._running)
        broken_off = BrokenOff(
            slot=generation.slot,
            decoded=generation.predicted,
            others=frozenset(slot for slot in slots if slot is not None),
            earlier=earlier,
        )
        task = asyncio.create_task(self._released(AwaitedRelease(broken_off)))
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)

    async def _released(self, release: AwaitedRelease) -> None:
        if not self.facts.tells_slots:
            await asyncio.sleep(_UNTOLD_RELEASE_S)
            return
        late = time.monotonic() + _RELEASE_S
        with contextlib.suppress(EngineError):
            while time.monotonic() < late:
                busy = await busy_slots(self._server)
                self._tasks = frozenset(slot.task for slot in busy if slot.task is not None)
                if release.is_over(busy):
                    return
                await asyncio.sleep(_POLL_S)
