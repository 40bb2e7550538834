"""A server that takes token ids, and conversations as messages: vLLM, SGLang and their kind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from leanwide.engine.remote.chat_connection import ChatConnection
from leanwide.engine.remote.conversation import messages_of
from leanwide.engine.remote.facts import ServerFacts
from leanwide.engine.remote.token_connection import TokenConnection
from leanwide.engine.requests import CancelToken, Finished, Piece, PrefillProgress, Prompt, Request
from leanwide.engine.specs import LaneSpec


class OpenAiConnection:
    """A :class:`~leanwide.engine.remote.connection.ServerConnection` of two parts.

    Conversations go there as messages, all else as token ids.
    """

    def __init__(self, tokens: TokenConnection, chat: ChatConnection) -> None:
        self._tokens = tokens
        self._chat = chat

    @property
    def facts(self) -> ServerFacts:
        """What the server said of itself."""
        return self._tokens.facts

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text.

        Raises:
            EngineError: The server cannot be asked.
        """
        return await self._tokens.count(texts)

    async def unread(self, prompts: Sequence[Prompt]) -> list[int]:
        """Return how many tokens of each prompt are probably not in the server's KV cache.

        Raises:
            EngineError: The server cannot be asked.
        """
        return await self._tokens.unread(prompts)

    def run(
        self, request: Request, lane: LaneSpec, cancel: CancelToken
    ) -> AsyncIterator[Piece | PrefillProgress | Finished]:
        """Run a request of a lane.

        Raises:
            EngineError: The request does not fit, or the server refuses or broke off.
        """
        conversation = messages_of(request.prompt)
        serving = self._tokens if conversation is None else self._chat
        return serving.run(request, lane, cancel)

    async def close(self) -> None:
        """Close all connections."""
        await self._tokens.close()
