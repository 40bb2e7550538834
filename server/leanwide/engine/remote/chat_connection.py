"""A server that takes conversations as messages: it lays them out, and tells no tokens."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

from leanwide.engine.base import EngineError
from leanwide.engine.remote.answer_wait import AnswerWait
from leanwide.engine.remote.chat_generation import ChatGeneration, extra_fields
from leanwide.engine.remote.conversation import messages_of
from leanwide.engine.remote.facts import ServerFacts, ServerKind
from leanwide.engine.remote.openai_model import OpenAiModel
from leanwide.engine.remote.token_estimate import estimated_tokens
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    Markup,
    Piece,
    PrefillProgress,
    Prompt,
    Request,
)
from leanwide.engine.specs import LaneSpec


class ChatConnection:
    """A :class:`~leanwide.engine.remote.connection.ServerConnection` for conversations alone."""

    def __init__(self, model: OpenAiModel, facts: ServerFacts) -> None:
        self._model = model
        self.facts = facts
        """What the server said of itself."""

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Return about how many tokens each text has."""
        return [estimated_tokens(text) for text in texts]

    async def unread(self, prompts: Sequence[Prompt]) -> list[int]:
        """Return about how many tokens each prompt has: what the server keeps is not known."""
        return [sum(map(_estimated, prompt)) for prompt in prompts]

    async def run(
        self,
        request: Request,
        lane: LaneSpec,  # noqa: ARG002  # its context is the server's affair
        cancel: CancelToken,
    ) -> AsyncIterator[Piece | PrefillProgress | Finished]:
        """Run a request of a lane.

        Raises:
            EngineError: It is no conversation, or the server refuses or broke off.
        """
        conversation = messages_of(request.prompt)
        if conversation is None:
            raise EngineError(
                f"{self._model.server.name} takes no token ids, so it answers questions only: "
                "a text is continued by a llama-server, vLLM or SGLang"
            )
        server = self._model.server
        wait = AnswerWait(server.name, request.deadline_ms, server.timeouts.progress)
        generation = ChatGeneration(self._model, request, conversation, wait)
        known = self.facts.kind is ServerKind.IDS
        extras = extra_fields(request, conversation) if known else {}
        run = generation.run(extras, cancel)
        async with contextlib.aclosing(run) as events:  # type: ignore[type-var]  # a generator
            async for event in events:
                yield event

    async def close(self) -> None:
        """Close all connections."""
        await self._model.server.close()


def _estimated(piece: str | int | Markup) -> int:
    match piece:
        case int():
            return 1
        case Markup():
            return estimated_tokens(piece.text)
        case _:
            return estimated_tokens(piece)
