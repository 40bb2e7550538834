"""The forms of OpenAI's answers, whole and streamed."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Final

from attrs import field, frozen

from leanwide.engine.requests import Stats
from leanwide.features.journal import Record
from leanwide.http.answers import DONE, EventStream, JsonAnswer, begun, event
from leanwide.http.errors import HttpError


@frozen
class Usage:
    """The tokens of an answer."""

    prompt: int = 0
    """Evaluated, or found in the KV cache."""
    generated: int = 0
    cached: int = 0
    """Found in the KV cache."""

    @property
    def fields(self) -> dict[str, Any]:
        """The usage as OpenAI's API has it."""
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.generated,
            "total_tokens": self.prompt + self.generated,
            "prompt_tokens_details": {"cached_tokens": self.cached},
        }


@frozen
class Ended:
    """The end of an answer."""

    reason: str
    """OpenAI's word: ``stop``, or ``length`` where the end is missing."""
    usage: Usage

    @classmethod
    def after(cls, cost: Stats | Record | None, *, cut: bool = False) -> Ended:
        """Return the end of an answer with a cost, None where the model was not asked."""
        usage = Usage()
        if cost is not None:
            prompt = cost.tokens_evaluated + cost.tokens_reused
            usage = Usage(prompt, cost.tokens_generated, cost.tokens_reused)
        return cls("length" if cut else "stop", usage)


Pieces = AsyncGenerator[str | Ended, None]
"""An answer while it arrives; the last piece is its end."""


@frozen
class ReplyForm:
    """How one kind of answer is worded."""

    whole_kind: str
    part_kind: str
    whole: Callable[[str], Mapping[str, Any]]
    """Returns the choice of a whole answer."""
    part: Callable[[str], Mapping[str, Any]]
    """Returns the choice of a part of one."""
    opening: Mapping[str, Any] | None = None
    """What the first part is in place of text; None where it is text."""


TEXT: Final = ReplyForm(
    "text_completion", "text_completion", lambda text: {"text": text}, lambda text: {"text": text}
)
CHAT: Final = ReplyForm(
    "chat.completion",
    "chat.completion.chunk",
    lambda text: {"message": {"role": "assistant", "content": text}},
    lambda text: {"delta": {"content": text} if text else {}},
    {"delta": {"role": "assistant", "content": ""}},
)


@frozen(kw_only=True)
class OpenAiReply:
    """One answer, and what all of its parts repeat."""

    form: ReplyForm
    model: str
    with_usage: bool = False
    """The stream ends with a part that has the usage."""
    id: str = field(factory=lambda: secrets.token_hex(12))
    created: int = field(factory=lambda: int(time.time()))

    async def whole(self, pieces: Pieces) -> JsonAnswer:
        """Return an answer when all of it is there.

        Raises:
            HttpError: There is none.
        """
        text, end = "", Ended.after(None)
        async for piece in pieces:
            if isinstance(piece, Ended):
                end = piece
            else:
                text += piece
        value = self._value(self.form.whole_kind, self.form.whole(text), end.reason)
        return JsonAnswer({**value, "usage": end.usage.fields})

    async def streamed(self, pieces: Pieces) -> EventStream:
        """Return an answer that is sent while it arrives, once it has begun.

        Raises:
            HttpError: There is none.
        """
        return await begun(self._events(pieces))

    async def _events(self, pieces: Pieces) -> AsyncGenerator[bytes, None]:
        begins = True
        try:
            async for piece in pieces:
                if begins and self.form.opening is not None:
                    yield self._part(self.form.opening)
                begins = False
                if isinstance(piece, Ended):
                    yield self._part(self.form.part(""), piece.reason)
                    if self.with_usage:
                        yield self._usage(piece.usage)
                else:
                    yield self._part(self.form.part(piece))
            yield DONE
        except HttpError as error:
            if begins:
                raise
            yield event(error.body)
        finally:
            await pieces.aclose()

    def _part(self, choice: Mapping[str, Any], reason: str | None = None) -> bytes:
        return event(self._value(self.form.part_kind, choice, reason))

    def _usage(self, usage: Usage) -> bytes:
        value = self._value(self.form.part_kind, {}, None)
        return event({**value, "choices": [], "usage": usage.fields})

    def _value(self, kind: str, choice: Mapping[str, Any], reason: str | None) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": [{"index": 0, **choice, "logprobs": None, "finish_reason": reason}],
        }
