"""``leanwide.chat``, and the commands that list conversations and end them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from leanwide.features.ask import chat as feature
from leanwide.features.ask.chat import UserMessage
from leanwide.features.ask.conversations import StoredChat, UnknownChat
from leanwide.features.ask.selection import Selection
from leanwide.features.cost import cost
from leanwide.lsp import convert
from leanwide.lsp.arguments import ChatMessage, chat_id, chat_message, document_at, place_at
from leanwide.lsp.questions import as_it_arrived, newest, stream, superseded

if TYPE_CHECKING:
    from leanwide.lsp.session import Server

_RETIRED = "a newer message of this chat took its place, or the chat was ended"


async def chat(ls: Server, *arguments: Any) -> dict[str, Any]:
    """Answer a message; without an id it begins a conversation. A newer message retires it."""
    given = chat_message(arguments, ls.protocol._converter)
    # The snapshot comes before the first await: a change edits the document in place.
    saying = UserMessage(text=given.message, about=_place(ls, given))
    talk = ls.chats.begin() if given.id is None else _find(ls, given.id)
    if given.token is not None and given.id is None:
        value = {"text": "", "id": talk.id}
        ls.progress(types.ProgressParams(token=given.token, value=value))
    show = stream(ls, given.token)
    try:
        answer = await newest(
            ls.chatting,
            talk.id,
            lambda cancel: feature.chat(saying, talk, ls.session, cancel, show),
            partial(superseded, _RETIRED),
        )
    except BaseException:
        if given.id is None and not talk.turns:
            ls.chats.forget(talk)
        raise
    stats = convert.camel_case(cost(answer.record))
    return {"id": talk.id, "markdown": answer.markdown, "stats": stats}


async def chats(ls: Server, *_: Any) -> list[dict[str, Any]]:
    """``leanwide.chats``: the conversations there are, the one that changed last at the end."""
    return [
        {"id": talk.id, "title": talk.title, "turns": len(talk.turns)} for talk in ls.chats.listed()
    ]


async def end_chat(ls: Server, *arguments: Any) -> None:
    """``leanwide.endChat``: forget a conversation, and stop what is being answered in it."""
    talk = _find(ls, chat_id(arguments))
    ls.chats.forget(talk)
    ls.chatting.retire(talk.id)


def _find(ls: Server, wanted: str) -> StoredChat:
    try:
        return ls.chats.find(wanted)
    except UnknownChat as error:
        raise JsonRpcInvalidParams(message=str(error)) from error


def _place(ls: Server, given: ChatMessage) -> Selection | None:
    """What a message is about: a range, without one the whole document, without a URI nothing."""
    if given.uri is None:
        return None
    if given.range is None:
        place = document_at(ls.documents, given.uri)
    else:
        place = place_at(ls.documents, given.uri, given.range)
    return as_it_arrived(place)
