"""What every server offers once it answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from leanwide.engine.remote.facts import ServerFacts
from leanwide.engine.requests import CancelToken, Finished, Piece, PrefillProgress, Prompt, Request
from leanwide.engine.specs import LaneSpec


class ServerConnection(Protocol):
    """A server that answered."""

    @property
    def facts(self) -> ServerFacts:
        """What the server said of itself."""

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text.

        Raises:
            EngineError: The server cannot be asked.
        """

    async def unread(self, prompts: Sequence[Prompt]) -> list[int]:
        """Return how many tokens of each prompt are probably not in the server's KV cache.

        Raises:
            EngineError: The server cannot be asked.
        """

    def run(
        self, request: Request, lane: LaneSpec, cancel: CancelToken
    ) -> AsyncIterator[Piece | PrefillProgress | Finished]:
        """Run a request of a lane.

        Raises:
            EngineError: The request does not fit, or the server refuses or broke off.
        """

    async def close(self) -> None:
        """Close all connections."""
