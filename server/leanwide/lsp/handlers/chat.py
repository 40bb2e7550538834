"""``leanwide.chat``, and the commands that list conversations and end them."""

from __future__ import annotations

from functools import partial
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from leanwide.features.ask import chat as feature
from leanwide.features.ask.chat import UserMessage
from leanwide.features.ask.conversations import Conversations, StoredChat, UnknownChat
from leanwide.features.ask.selection import Selection, select_all
from leanwide.features.cost import cost
from leanwide.lsp import convert
from leanwide.lsp.arguments import ChatArguments, ChatIdArguments
from leanwide.lsp.documents import DocumentWorkspace
from leanwide.lsp.questions import LinkedStream, as_it_arrived, newest, server_cancelled, stream
from leanwide.lsp.requests import RequestKind
from leanwide.lsp.session import Server

_SUPERSEDED = "a newer message of this chat took its place, or the chat was ended"


async def chat(ls: Server, given: ChatArguments) -> dict[str, Any]:
    """Answer a message; without an id it begins a conversation. A newer message supersedes it."""
    # The snapshot comes before the first await: a change edits the document in place.
    message = UserMessage(text=given.message, about=_selection(ls.documents, given))
    talk = ls.chats.begin() if given.id is None else _find(ls.chats, given.id)
    token = given.stream_token
    if token is not None and given.id is None:
        value = {"text": "", "id": talk.id}
        ls.progress(types.ProgressParams(token=token, value=value))
    linked = LinkedStream(stream(ls, token), ls.session.workspace)
    try:
        answer = await newest(
            ls.live,
            RequestKind.CHAT,
            talk.id,
            lambda cancel: feature.chat(message, talk, ls.session, cancel, linked.show),
            partial(server_cancelled, _SUPERSEDED),
        )
    except BaseException:
        # A client that was told the id uses it for the next message, whatever became of this one.
        if given.id is None and token is None and not talk.turns:
            ls.chats.forget(talk)
        raise
    finally:
        markdown = linked.end()
    stats = convert.camel_case(cost(answer.record))
    return {"id": talk.id, "markdown": markdown, "stats": stats}


async def chats(ls: Server, *_: Any) -> list[dict[str, Any]]:
    """``leanwide.chats``: list the conversations, the one that changed last at the end."""
    return [
        {"id": talk.id, "title": talk.title, "turns": len(talk.turns)} for talk in ls.chats.listed()
    ]


async def end_chat(ls: Server, given: ChatIdArguments) -> None:
    """``leanwide.endChat``: forget a conversation, and cancel what is being answered in it."""
    talk = _find(ls.chats, given.id)
    ls.chats.forget(talk)
    ls.live.cancel(RequestKind.CHAT, talk.id)


def _find(chats: Conversations, wanted: str) -> StoredChat:
    try:
        return chats.find(wanted)
    except UnknownChat as error:
        raise JsonRpcInvalidParams(message=str(error)) from error


def _selection(workspace: DocumentWorkspace, given: ChatArguments) -> Selection | None:
    """Return what a message is about: a range, a whole document, or nothing without a URI."""
    if given.uri is None:
        return None
    if given.range is None:
        return as_it_arrived(select_all(convert.snapshot(workspace, given.uri)))
    return as_it_arrived(convert.selection_at(workspace, given.uri, given.range))
