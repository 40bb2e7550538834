"""``/v1/chat/completions``: the next message of a conversation that the client keeps."""

from __future__ import annotations

import asyncio
from typing import Final

from leanwide.engine.base import EngineError
from leanwide.engine.requests import CancelToken
from leanwide.features.ask.dialogue import continue_dialogue
from leanwide.features.refusal import Refusal
from leanwide.http.answers import EventStream, JsonAnswer
from leanwide.http.errors import HttpError, http_error
from leanwide.http.handlers.models import model_name
from leanwide.http.handlers.openai import CHAT, Ended, OpenAiReply, Pieces
from leanwide.http.parameters import ChatBody, ChatMessage, check_supported, read_body
from leanwide.http.service import HttpService
from leanwide.modes.profile import Mode
from leanwide.prompt.chat import Message

_ROLES: Final = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
"""OpenAI's roles, and what chat templates call them."""


async def chat(service: HttpService, body: bytes) -> JsonAnswer | EventStream:
    """Return the model's answer to the last message.

    Raises:
        HttpError: The body cannot be used, or the engine cannot.
    """
    asked = await read_body(body, ChatBody)
    check_supported(asked)
    if asked.tools:
        raise HttpError(400, "The model is given no tools: leave tools out.", "unsupported")
    messages = tuple(map(_message, asked.messages))
    pieces = _said(messages, asked, service)
    model = model_name(service, service.questions.profiles[Mode.DIALOG].lane)
    reply = OpenAiReply(form=CHAT, model=model, with_usage=asked.wants_usage)
    return await (reply.streamed(pieces) if asked.stream else reply.whole(pieces))


def _message(given: ChatMessage) -> Message:
    """Return a message as templates read it.

    Raises:
        HttpError: It is a tool's, or holds more than text.
    """
    role = _ROLES.get(given.role)
    if role is None:
        raise HttpError(400, f"Messages have one of the roles {', '.join(_ROLES)}.", "unsupported")
    parts = given.content or ""
    if isinstance(parts, str):
        return Message(role, parts)
    if any(part.type != "text" for part in parts):
        raise HttpError(400, "Messages hold text only.", "unsupported")
    return Message(role, "\n".join(part.text for part in parts))


async def _said(messages: tuple[Message, ...], asked: ChatBody, service: HttpService) -> Pieces:
    """Yield what the model says.

    Raises:
        HttpError: The conversation does not fit, or the engine cannot serve it.
    """
    said = asyncio.Queue[str | None]()
    asking = asyncio.create_task(
        continue_dialogue(messages, asked.wishes, service.questions, CancelToken(), said.put_nowait)
    )
    asking.add_done_callback(lambda _: said.put_nowait(None))
    try:
        while (piece := await said.get()) is not None:
            yield piece
        answer = await asking
        yield Ended.after(answer.stats, cut=answer.cut)
    except (EngineError, Refusal) as error:
        raise http_error(error, service.engine.status) from error
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
