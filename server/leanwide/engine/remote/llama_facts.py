"""What a llama-server says of itself."""

from __future__ import annotations

import asyncio
from pathlib import Path, PurePath
from typing import Any, Final

from leanwide.engine.base import EngineError
from leanwide.engine.remote.errors import LACKING, RefusedKeyError, printable
from leanwide.engine.remote.facts import ServerFacts, ServerKind
from leanwide.engine.remote.http import HttpServer
from leanwide.engine.remote.llama_tokenizer import LlamaTokenizer
from leanwide.engine.remote.slot_release import BusySlot, busy_in
from leanwide.engine.remote.vocabulary import RemoteVocabulary
from leanwide.engine.specs import ModelInfo

_MAX_TEMPLATE: Final = 1_000_000
"""Characters of a chat template."""

_LOADING: Final = ("downloading", "loading")
"""What a router says of a model that it starts."""
_IDENTITY: Final = (
    "model_path",
    "model_alias",
    "chat_template",
    "bos_token",
    "eos_token",
    "build_info",
    "total_slots",
)


def is_llama_server(props: dict[str, Any]) -> bool:
    """Whether the answer of ``/props`` is a llama-server's."""
    return bool(_context(props))


def llama_identity(props: dict[str, Any]) -> tuple[Any, ...]:
    """Return what tells a llama-server, its model and its context from others."""
    return (*map(props.get, _IDENTITY), _context(props))


async def learn_vocabulary(server: HttpServer, props: dict[str, Any]) -> RemoteVocabulary:
    """Return the vocabulary of its model.

    Raises:
        EngineError: The server cannot be asked.
    """
    tokenizer = LlamaTokenizer(server)
    vocabulary = RemoteVocabulary(tokenizer)
    await asyncio.gather(tokenizer.learn_separator(_text(props, "eos_token")), vocabulary.learn())
    return vocabulary


async def llama_facts(
    server: HttpServer, props: dict[str, Any], vocabulary: RemoteVocabulary, wanted: str
) -> ServerFacts:
    """Return what a llama-server says of itself.

    Args:
        server: The server.
        props: Its answer of ``/props``.
        vocabulary: Its model's.
        wanted: The name of its model, for a router; "": its only one.

    Raises:
        EngineError: The server cannot be asked.
    """
    fim, tells_slots, card = await asyncio.gather(
        vocabulary.fim(), _tells_slots(server), _card(server, wanted)
    )
    template = _text(props, "chat_template")[:_MAX_TEMPLATE] or None
    name = printable(PurePath(_text(props, "model_alias") or _text(props, "model_path")).name)
    return ServerFacts(
        kind=ServerKind.LLAMA_SERVER,
        software=f"llama.cpp {printable(_text(props, 'build_info'))}".strip(),
        model=ModelInfo(
            name=name or server.name,
            path=Path(name or server.name),
            size_bytes=0,
            experts=0,
            fim=fim,
            chat_template=template,
            bos_text=_text(props, "bos_token"),
            eos_text=_text(props, "eos_token"),
            spelt_markers=await vocabulary.spelt_markers(template or ""),
        ),
        context_tokens=_context(props),
        trained_tokens=_count(card.get("meta"), "n_ctx_train"),
        slots=max(1, _count(props, "total_slots")),
        tells_slots=tells_slots,
        heals=True,
    )


async def loads_model(server: HttpServer, wanted: str) -> bool:
    """Whether a router says that it loads the model, whose questions it answers afterwards."""
    try:
        status = (await _card(server, wanted)).get("status")
    except EngineError:
        return False
    return isinstance(status, dict) and status.get("value") in _LOADING


async def busy_slots(server: HttpServer) -> list[BusySlot]:
    """Return the slots that generate now.

    Raises:
        EngineError: The server does not say, or cannot be asked.
    """
    return busy_in(await server.get_list("slots"))


async def _card(server: HttpServer, wanted: str) -> dict[str, Any]:
    """Return what the list of models says of one; empty where there is no such list.

    Raises:
        EngineError: The server cannot be asked.
    """
    try:
        data = (await server.get("v1/models")).get("data")
    except (*LACKING, RefusedKeyError):
        return {}
    cards = [card for card in data if isinstance(card, dict)] if isinstance(data, list) else []
    named = [card for card in cards if card.get("id") == wanted]
    return next(iter(named or cards[:1]), {})


async def _tells_slots(server: HttpServer) -> bool:
    """Whether the server says which of its slots are busy; it may be told not to.

    Raises:
        EngineError: The server cannot be asked.
    """
    try:
        await busy_slots(server)
    except (*LACKING, RefusedKeyError):
        return False
    return True


def _context(props: dict[str, Any]) -> int:
    return _count(props.get("default_generation_settings"), "n_ctx")


def _count(found: Any, name: str) -> int:
    value = found.get(name) if isinstance(found, dict) else None
    return value if type(value) is int and value > 0 else 0


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""
