"""Connect to a server: ask what it is, and speak to it accordingly."""

from __future__ import annotations

import contextlib
from typing import Any

from leanwide.engine.remote.chat_connection import ChatConnection
from leanwide.engine.remote.connection import ServerConnection
from leanwide.engine.remote.errors import (
    LACKING,
    BusyServerError,
    LoadingError,
    LostServerError,
    SlowServerError,
)
from leanwide.engine.remote.facts import ServerKind
from leanwide.engine.remote.http import HttpServer
from leanwide.engine.remote.identity import ServerIdentity
from leanwide.engine.remote.llama_completion import LlamaCompletion
from leanwide.engine.remote.llama_facts import (
    is_llama_server,
    learn_vocabulary,
    llama_facts,
    llama_identity,
    loads_model,
)
from leanwide.engine.remote.openai_completion import OpenAiCompletion
from leanwide.engine.remote.openai_connection import OpenAiConnection
from leanwide.engine.remote.openai_facts import (
    find_model,
    find_vocabulary,
    openai_facts,
    openai_identity,
)
from leanwide.engine.remote.slots import PrefixCacheContents, SlotContents
from leanwide.engine.remote.token_connection import TokenConnection


async def open_connection(server: HttpServer, model: str) -> ServerConnection:
    """Return a connection to a server of any kind.

    Args:
        server: The server.
        model: The model to ask, by the server's name for it; "": its only one.

    Raises:
        EngineError: It cannot be asked, loads its model, or is none of these kinds.
    """
    try:
        props = await _props(server, model)
        if is_llama_server(props):
            return await _llama_server(server, props, model)
        return await _openai(server, model)
    except BusyServerError as error:  # it says nothing of what it is
        raise LostServerError(f"{server.name} takes no more requests now") from error


async def _props(server: HttpServer, model: str) -> dict[str, Any]:
    """Return the answer of ``/props``; empty where there is none.

    Raises:
        EngineError: The server cannot be asked, or loads its model.
    """
    try:
        with contextlib.suppress(*LACKING):
            return await server.get("props")
    except SlowServerError as error:
        if await loads_model(server, model):
            raise LoadingError(f"{server.name} loads its model") from error
        raise
    return {}


async def _llama_server(server: HttpServer, props: dict[str, Any], wanted: str) -> ServerConnection:
    vocabulary = await learn_vocabulary(server, props)
    facts = await llama_facts(server, props, vocabulary, wanted)

    async def ask() -> tuple[Any, ...]:
        return llama_identity(await server.get("props"))

    identity = ServerIdentity(server.name, ask, llama_identity(props))
    completion, contents = LlamaCompletion(server), SlotContents()
    return TokenConnection(server, vocabulary, facts, completion, contents, identity)


async def _openai(server: HttpServer, wanted: str) -> ServerConnection:
    found = model, card = await find_model(server, wanted)
    vocabulary = await find_vocabulary(model)
    facts = await openai_facts(model, card, vocabulary)
    chat = ChatConnection(model, facts)
    if vocabulary is None or facts.kind is ServerKind.TEXT_ONLY:
        return chat
    contents = PrefixCacheContents()
    fim = facts.model.fim
    ends = [] if fim is None else fim.ids
    completion = OpenAiCompletion(model, ends, contents.unread, vocabulary.marker)

    async def ask() -> tuple[Any, ...]:
        return openai_identity(await find_model(server, wanted))

    identity = ServerIdentity(server.name, ask, openai_identity(found))
    tokens = TokenConnection(server, vocabulary, facts, completion, contents, identity)
    return OpenAiConnection(tokens, chat)
