"""A conversation at a server that lays it out itself: ``/v1/chat/completions``."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final

from leanwide.engine.process.output_stream import OutputStream
from leanwide.engine.remote.answer_wait import AnswerWait
from leanwide.engine.remote.conversation import ChatMessages
from leanwide.engine.remote.events import GenerationEvent, Stop, followed, thinking_tokens
from leanwide.engine.remote.marker_guard import GuardRemoval, guarded
from leanwide.engine.remote.openai_completion import sampling_fields
from leanwide.engine.remote.openai_events import AnswerUsage, choice_of, with_usage
from leanwide.engine.remote.openai_model import OpenAiModel
from leanwide.engine.remote.token_estimate import estimated_tokens
from leanwide.engine.requests import CancelToken, Finished, FinishReason, Piece, Request, Stats

_PATH: Final = "v1/chat/completions"
_THOUGHT_FIELDS: Final = ("reasoning_content", "reasoning")
"""Where servers that tell thinking from answers put it."""
_STANDARD: Final = ("temperature", "top_p", "seed")
"""Settings of samplers that OpenAI's interface has."""


class ChatGeneration:
    """One answer in a conversation."""

    def __init__(
        self, model: OpenAiModel, request: Request, conversation: ChatMessages, wait: AnswerWait
    ) -> None:
        self._model = model
        self._request = request
        self._conversation = conversation
        self._wait = wait
        self._output = OutputStream(request)
        self._removal = GuardRemoval()
        self._answered = self._thought = 0
        """Events with text; for most servers, tokens."""
        self._usage = AnswerUsage()
        self._reason: FinishReason | None = None

    async def run(
        self, extras: Mapping[str, Any], cancel: CancelToken
    ) -> AsyncIterator[Piece | Finished]:
        """Yield pieces, then the end.

        Args:
            extras: Fields of the request that only some servers know.
            cancel: Closes the connection.

        Raises:
            EngineError: The server refuses, or broke off.
        """
        name = self._model.server.name
        async with followed(self._events(extras), name, cancel) as queue:
            while self._reason is None:
                found = await self._wait.next(queue)
                if isinstance(found, FinishReason):
                    self._reason = found
                else:
                    for piece in self._take(found):
                        yield piece
        if self._reason is not FinishReason.CANCELLED:
            for piece in self._output.flush():
                yield piece
        yield Finished(self._reason, self._stats())

    async def _events(self, extras: Mapping[str, Any]) -> AsyncIterator[GenerationEvent]:
        stream = with_usage(self._model.stream(_PATH, self._body(extras)))
        async with contextlib.aclosing(stream) as events:  # type: ignore[type-var]  # a generator
            async for event in events:
                if isinstance(event, AnswerUsage):
                    self._usage = event
                    yield GenerationEvent(stop=event.stop)
                    return
                delta = choice_of(event).get("delta")
                delta = delta if isinstance(delta, dict) else {}
                for field in _THOUGHT_FIELDS:
                    if thought := _text(delta, field):
                        yield GenerationEvent(text=thought, thought=True)
                        break
                if text := _text(delta, "content"):
                    yield GenerationEvent(text=text)

    def _body(self, extras: Mapping[str, Any]) -> dict[str, Any]:
        sampling = sampling_fields(self._request.sampling)
        turns = self._conversation.messages
        messages = [{"role": role, "content": guarded(text)} for role, text in turns]
        return {
            "messages": messages,
            "max_tokens": max(1, self._request.max_tokens + thinking_tokens(self._request)),
            "stream": True,
            "stream_options": {"include_usage": True},
            **{name: sampling[name] for name in _STANDARD if name in sampling},
            **extras,
        }

    def _take(self, event: GenerationEvent) -> Iterator[Piece]:
        """Add an event; yield what may be shown of it."""
        if event.stop is not None:
            self._reason = FinishReason.LENGTH if event.stop is Stop.LIMIT else FinishReason.END
            return
        self._wait.generated()
        if event.thought:
            self._thought += 1
            yield Piece(event.text, thought=True)
            return
        if self._answered - self._output.thoughts.tokens >= self._request.max_tokens:
            self._reason = FinishReason.LENGTH
            return
        self._answered += 1
        text = self._removal.push(event.text)
        yield from self._output.push(text.encode("utf-8", "replace"))
        if self._output.stopped:
            self._reason = FinishReason.STOP

    def _stats(self) -> Stats:
        texts = (text for _, text in self._conversation.messages)
        prompt = self._usage.prompt_tokens or sum(map(estimated_tokens, texts))
        reused = min(self._usage.cached_tokens or 0, prompt)
        return Stats(
            lane=self._request.lane,
            experts=0,
            tokens_evaluated=prompt - reused,
            tokens_reused=reused,
            tokens_generated=self._usage.generated or self._answered + self._thought,
            prompt_ms=self._wait.prompt_ms,
            decode_ms=self._wait.decode_ms,
        )


def extra_fields(request: Request, conversation: ChatMessages) -> Mapping[str, Any]:
    """Return fields for vLLM, SGLang and llama.cpp, which OpenAI's interface does not have."""
    return {
        **sampling_fields(request.sampling),
        "chat_template_kwargs": {"enable_thinking": conversation.may_think},
    }


def _text(delta: Mapping[str, Any], field: str) -> str:
    value = delta.get(field)
    return value if isinstance(value, str) else ""
