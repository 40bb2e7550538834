"""The bodies of requests. Fields that are not here are ignored, as llama-server ignores them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from leanwide.features.answer_wishes import AnswerWishes
from leanwide.http.errors import HttpError

_ON_LOOP_BYTES: Final = 128 * 1024
"""A body of this size is read on the loop, in less than a millisecond; a longer one in a thread."""

_Stop = Annotated[str, Meta(max_length=256)]
_Stops = _Stop | Annotated[list[_Stop], Meta(max_length=16)] | None
_Tokens = Annotated[int, Meta(ge=-1, le=1 << 31)] | None
"""-1 means as many as the budget allows, as for llama-server."""
_Seed = Annotated[int, Meta(ge=-1, le=(1 << 63) - 1)] | None

B = TypeVar("B", bound=msgspec.Struct)


class StreamOptions(msgspec.Struct, frozen=True):
    """How an answer is streamed."""

    include_usage: bool | None = False


class SharedBody(msgspec.Struct, frozen=True, kw_only=True):
    """What every body may have."""

    stop: _Stops = None
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Meta(ge=0.0, le=2.0)] | None = None
    top_p: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    top_k: Annotated[int, Meta(ge=0, le=1 << 31)] | None = None
    min_p: Annotated[float, Meta(ge=0.0, le=1.0)] | None = None
    seed: _Seed = None
    n: int | None = None
    n_predict: _Tokens = None
    max_tokens: _Tokens = None

    @property
    def wishes(self) -> AnswerWishes:
        """The limits and the sampling that the client asks for."""
        given = (self.max_tokens, self.n_predict, self.most_tokens)
        tokens = next((each for each in given if each is not None and each >= 0), None)
        stops = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return AnswerWishes(
            max_tokens=tokens, stops=tuple(filter(None, stops)), sampling=self._sampling
        )

    @property
    def most_tokens(self) -> int | None:
        """The most tokens of an answer, by the name that chats have for it."""
        return None

    @property
    def wants_usage(self) -> bool:
        """Whether a stream is to end with the tokens of the answer."""
        return self.stream_options is not None and bool(self.stream_options.include_usage)

    @property
    def _sampling(self) -> Mapping[str, float | int]:
        seed = None if self.seed is None else self.seed % (1 << 32)
        given = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "top_k": self.top_k,
            "min_p": self.min_p,
            "seed": seed,
        }
        return {name: value for name, value in given.items() if value is not None}


class ExtraPiece(msgspec.Struct, frozen=True):
    """A piece of another file, as llama.vim collects them."""

    text: str
    filename: Annotated[str, Meta(max_length=4096)] | None = ""


class InfillBody(SharedBody, frozen=True, kw_only=True):
    """``/infill``, as llama-server has it, and the name of the file."""

    input_prefix: str = ""
    input_suffix: str = ""
    input_extra: Annotated[list[ExtraPiece], Meta(max_length=256)] | None = None
    prompt: str = ""
    filename: Annotated[str, Meta(max_length=4096)] | None = None
    t_max_predict_ms: Annotated[float, Meta(le=1e9)] | None = None
    response_fields: Annotated[list[str], Meta(max_length=64)] | None = None


class CompletionBody(SharedBody, frozen=True, kw_only=True):
    """``/v1/completions``, as OpenAI has it, and the name of the file."""

    prompt: str | Annotated[list[str], Meta(min_length=1, max_length=1)]
    suffix: str | None = None
    filename: Annotated[str, Meta(max_length=4096)] | None = None
    echo: bool | None = False

    @property
    def text(self) -> str:
        """The prompt."""
        return self.prompt if isinstance(self.prompt, str) else self.prompt[0]


class TextPart(msgspec.Struct, frozen=True):
    """A part of a message."""

    type: str
    text: str = ""


class ChatMessage(msgspec.Struct, frozen=True):
    """One message of a conversation."""

    role: str
    content: str | list[TextPart] | None = None


class ChatBody(SharedBody, frozen=True, kw_only=True):
    """``/v1/chat/completions``, as OpenAI has it."""

    messages: Annotated[list[ChatMessage], Meta(min_length=1, max_length=500)]
    max_completion_tokens: _Tokens = None
    tools: list[Any] | None = None

    @property
    def most_tokens(self) -> int | None:
        """The most tokens of an answer, by the name that chats have for it."""
        return self.max_completion_tokens


async def read_body(body: bytes, kind: type[B]) -> B:
    """Return a request's body.

    Raises:
        HttpError: It is not JSON, or says something else than it may.
    """
    try:
        if len(body) <= _ON_LOOP_BYTES:
            return msgspec.json.decode(body, type=kind)
        return await asyncio.to_thread(msgspec.json.decode, body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HttpError(400, f"The body cannot be used: {error}", "invalid_body") from error


def check_supported(body: SharedBody) -> None:
    """Refuse what would be another answer than the one that comes.

    Raises:
        HttpError: The client asks for several answers.
    """
    if body.n not in (None, 1):
        raise HttpError(400, "There is one answer to a request: leave n out.", "unsupported")
