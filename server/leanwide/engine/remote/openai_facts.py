"""What a server with OpenAI's interface is and can do, found by asking it."""

from __future__ import annotations

import asyncio
from pathlib import Path, PurePath
from typing import Any, Final

from leanwide.engine.base import EngineError
from leanwide.engine.remote.conversation import TEMPLATE
from leanwide.engine.remote.errors import (
    LACKING,
    LostServerError,
    nonsense,
    printable,
)
from leanwide.engine.remote.facts import ServerFacts, ServerKind
from leanwide.engine.remote.http import HttpServer
from leanwide.engine.remote.openai_completion import PATH, beginning_fields
from leanwide.engine.remote.openai_events import choice_of
from leanwide.engine.remote.openai_model import OpenAiModel, names
from leanwide.engine.remote.openai_tokenizer import OpenAiTokenizer
from leanwide.engine.remote.vocabulary import RemoteVocabulary
from leanwide.engine.specs import ModelInfo

_OWNERS: Final = {"vllm": "vLLM", "sglang": "SGLang", "llamacpp": "llama.cpp", "library": "Ollama"}
"""Software by the owner that it gives models."""
_CONTEXTS: Final = ("max_model_len", "context_length", "max_context_length")
"""Names for the longest sequence."""
_TEXT: Final = "total = price "
_SPELT: Final = "(x y"
"""Its last token may begin with a blank."""
_NEEDED: Final = "zq7"
"""No model says it by itself."""


async def find_model(server: HttpServer, wanted: str) -> tuple[OpenAiModel, dict[str, Any]]:
    """Return the model to ask, and what the server says of it.

    Args:
        server: The server.
        wanted: The name that the user gave; "": the only one.

    Raises:
        EngineError: The server cannot be asked, or has several models and none is named.
    """
    data = (await server.get("v1/models")).get("data")
    if not isinstance(data, list):
        raise nonsense(server.name)
    cards = {
        card["id"]: card
        for card in data
        if isinstance(card, dict) and isinstance(card.get("id"), str) and not card.get("parent")
    }
    listed = tuple(cards)
    if not wanted and len(listed) != 1:
        has = f"several models: set server_model to one of them ({names(listed)})"
        raise LostServerError(f"{server.name} has {has if listed else 'no model'}")
    model = OpenAiModel(server=server, id=wanted or listed[0], listed=listed)
    return model, cards.get(model.id, {})


def openai_identity(found: tuple[OpenAiModel, dict[str, Any]]) -> tuple[Any, ...]:
    """Return what tells a model from others, of what :func:`find_model` returns."""
    model, card = found
    return (model.id, *map(card.get, ("root", "owned_by", *_CONTEXTS)))


async def find_vocabulary(model: OpenAiModel) -> RemoteVocabulary | None:
    """Return the vocabulary of a model; None where the server tells no tokens.

    Raises:
        EngineError: The server cannot be asked, or lacks the model.
    """
    tokenizer = OpenAiTokenizer(model)
    vocabulary = RemoteVocabulary(tokenizer)
    try:
        if not await vocabulary.tokens_of((_TEXT,)):
            return None
        await asyncio.gather(vocabulary.learn(), tokenizer.learn_divider())
    except LACKING:
        return None
    return vocabulary


async def openai_facts(
    model: OpenAiModel, card: dict[str, Any], vocabulary: RemoteVocabulary | None
) -> ServerFacts:
    """Return what a server is and can do; the probe generates a few tokens.

    Raises:
        EngineError: The server cannot be asked, or lacks the model.
    """
    takes_ids, heals, fim = False, False, None
    if vocabulary is not None:
        tokens = await vocabulary.encode((_TEXT,))
        heals = await _begins_as_asked(model, tokens)
        takes_ids = heals or await _answers(model, tokens)
        fim = await vocabulary.fim() if takes_ids else None
        heals = heals and await _spells(vocabulary)
    name = printable(PurePath(model.id).name) or "model"
    lengths = (card.get(each) for each in _CONTEXTS)
    return ServerFacts(
        kind=ServerKind.IDS if takes_ids else ServerKind.TEXT_ONLY,
        software=await _software(model.server, card),
        model=ModelInfo(
            name=name,
            path=Path(name),
            size_bytes=0,
            experts=0,
            fim=fim,
            chat_template=TEMPLATE,  # the model's own is the server's secret
        ),
        context_tokens=next((each for each in lengths if type(each) is int and each > 0), 0),
        heals=heals,
    )


async def _begins_as_asked(model: OpenAiModel, tokens: list[int]) -> bool:
    """Whether an answer can be made to begin with a text."""
    body = {**_short(tokens), **beginning_fields(_NEEDED)}
    try:
        text = choice_of(await model.post(PATH, body)).get("text")
    except LACKING:
        return False
    return isinstance(text, str) and text.startswith(_NEEDED)


async def _answers(model: OpenAiModel, tokens: list[int]) -> bool:
    """Whether token ids are continued."""
    try:
        return isinstance(choice_of(await model.post(PATH, _short(tokens))).get("text"), str)
    except LACKING:
        return False


def _short(tokens: list[int]) -> dict[str, Any]:
    return {"prompt": tokens, "max_tokens": 4, "temperature": 0.0}


async def _spells(vocabulary: RemoteVocabulary) -> bool:
    """Whether tokens are spelt as they stand in a text: some vocabularies drop a blank."""
    try:
        spelt = await vocabulary.spelt(_SPELT)
        last = spelt[-1].spelt.decode() if spelt else _SPELT
        before = await vocabulary.tokens_of((_SPELT.removesuffix(last),))
    except LACKING:
        return False
    return before == [token.id for token in spelt[:-1]]


async def _software(server: HttpServer, card: dict[str, Any]) -> str:
    """Return the name and version of a server, as far as it says them."""
    name = _OWNERS.get(str(card.get("owned_by", "")), "")
    try:
        version = (await server.get("version")).get("version")
    except EngineError:
        return name
    return f"{name} {printable(version)}".strip() if isinstance(version, str) else name
