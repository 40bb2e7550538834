"""``/v1/completions`` of servers that take token ids: vLLM, SGLang and their kind."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from leanwide.engine.remote.events import GenerationEvent, Round, Stop, Timings, ids
from leanwide.engine.remote.healing import beginning, pattern
from leanwide.engine.remote.openai_events import AnswerUsage, choice_of, usage_of, with_usage
from leanwide.engine.remote.openai_model import OpenAiModel
from leanwide.engine.requests import Sampling
from leanwide.models.markup import MARKUP

PATH: Final = "v1/completions"


class OpenAiCompletion:
    """A :class:`~leanwide.engine.remote.events.CompletionInterface` of such a server."""

    def __init__(
        self,
        model: OpenAiModel,
        ends: Sequence[int],
        unread: Callable[[Sequence[int]], int],
        marker: Callable[[str], Awaitable[int | None]],
    ) -> None:
        """Prepare.

        Args:
            model: The model that is asked.
            ends: Special tokens that end an answer.
            unread: Estimates how many tokens of a prompt the server evaluates, for servers that do
                not say.
            marker: Returns the special token that a text is; None where it is none.
        """
        self._model = model
        self._ends = tuple(ends)
        self._unread = unread
        self._marker = marker

    @property
    def name(self) -> str:
        """The server's host and port, for messages."""
        return self._model.server.name

    async def events(
        self, asked: Round, sampling: Sampling, sent: Callable[[], None]
    ) -> AsyncIterator[GenerationEvent]:
        """Ask, and yield the events of the answer; closing it closes the connection.

        Raises:
            EngineError: The server refuses, or cannot be asked, or breaks off.
        """
        cost = _Cost(asked.tokens, self._unread(asked.tokens))
        body = {**request_body(asked, sampling), "stop_token_ids": list(self._ends)}
        stream = with_usage(self._model.stream(PATH, body, sent))
        held: list[int] = []
        predicted = 0
        async with contextlib.aclosing(stream) as events:  # type: ignore[type-var]  # a generator
            async for event in events:
                if isinstance(event, AnswerUsage):
                    yield GenerationEvent(stop=event.stop, timings=cost.timings(event))
                    return
                choice = choice_of(event)
                text, tokens = choice.get("text"), ids(choice.get("token_ids"))
                predicted += len(tokens) or bool(text)
                held += tokens
                if not isinstance(text, str) or not text:
                    continue  # the beginning of a character
                cost.generated()
                if await self._is_marker(text, tokens):
                    yield GenerationEvent(stop=Stop.END, timings=cost.timings(AnswerUsage()))
                    return
                yield GenerationEvent(
                    text=text,
                    tokens=tuple(held),
                    predicted=predicted,
                    timings=cost.timings(usage_of(event)),  # all that is told if it is cancelled
                )
                held.clear()

    async def _is_marker(self, text: str, tokens: Sequence[int]) -> bool:
        """Whether a text is a special token; several tokens may spell one, which is text.

        Raises:
            EngineError: The server cannot be asked.
        """
        if len(tokens) > 1 or not MARKUP.fullmatch(text):
            return False
        special = await self._marker(text)
        return special is not None and list(tokens) in ([], [special])


def request_body(asked: Round, sampling: Sampling) -> Mapping[str, Any]:
    """Return the body of a request that is streamed.

    Fields of other servers are ignored: each has its own for what an answer must begin with.
    """
    return {
        "prompt": list(asked.tokens),
        "max_tokens": max(1, asked.max_tokens),
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_token_ids": True,
        "skip_special_tokens": False,
        "spaces_between_special_tokens": False,
        **(beginning_fields(asked.needed) if asked.needed else {}),
        **sampling_fields(sampling),
    }


def beginning_fields(needed: str) -> Mapping[str, Any]:
    """Return what makes an answer begin with a text: for vLLM, for SGLang and for llama.cpp."""
    regex = pattern(needed)
    return {
        "structured_outputs": {"regex": regex},
        "regex": regex,
        "grammar": beginning(needed),
    }


def sampling_fields(sampling: Sampling) -> Mapping[str, Any]:
    """Return how tokens are chosen; penalties are left out: these servers count prompts, too."""
    if sampling.temperature <= 0:
        return {"temperature": 0.0}
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
        **({"top_k": sampling.top_k} if sampling.top_k > 0 else {}),
        **({"min_p": sampling.min_p} if sampling.min_p > 0 else {}),
    }


class _Cost:
    """What a request costs: by the server's count, else by ours."""

    def __init__(self, prompt: Sequence[int], unread: int) -> None:
        self._prompt_tokens = len(prompt)
        self._unread = unread
        self._began = time.monotonic()
        self._first: float | None = None

    def generated(self) -> None:
        """Note a token."""
        self._first = self._first or time.monotonic()

    def timings(self, usage: AnswerUsage) -> Timings:
        """Return what it cost until now."""
        now = time.monotonic()
        prompt_end = self._first or now
        total = usage.prompt_tokens or self._prompt_tokens
        reused = total - self._unread if usage.cached_tokens is None else usage.cached_tokens
        reused = min(max(0, reused), total)
        return Timings(
            evaluated=total - reused,
            reused=reused,
            prompt_ms=1000 * (prompt_end - self._began),
            decode_ms=1000 * (now - prompt_end),
        )
