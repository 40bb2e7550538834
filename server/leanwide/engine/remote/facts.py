"""What a server is and can do: asked once for a connection."""

from __future__ import annotations

import asyncio
from pathlib import Path, PurePath
from typing import Any, Final

from attrs import frozen

from leanwide.engine.base import EngineError
from leanwide.engine.remote.http import HttpServer, LostServerError
from leanwide.engine.remote.vocabulary import RemoteVocabulary
from leanwide.engine.specs import LaneInfo, LaneSpec, ModelInfo

_MAX_TEMPLATE: Final = 1_000_000
"""Characters of a chat template."""
_MAX_NAME: Final = 200


@frozen(kw_only=True)
class ServerFacts:
    """A server that answered, and its model."""

    model: ModelInfo
    context_tokens: int
    """Longest sequence of a slot, in tokens."""
    slots: int
    """Prompts that it works on, or keeps, at the same time."""
    tells_slots: bool
    """It says which slots are busy."""
    build: str
    """The version of llama.cpp, as the server says it."""

    def lane(self, spec: LaneSpec, url: str, name: str) -> LaneInfo:
        """Return how a lane runs there."""
        short = self.context_tokens < spec.context_tokens
        return LaneInfo(
            name=spec.name,
            experts=0,
            context_tokens=min(spec.context_tokens, self.context_tokens),
            load_ms=0.0,
            notice=(
                f"{name} has a context of {self.context_tokens:,} tokens, and the {spec.name} lane "
                f"wants {spec.context_tokens:,}: start llama-server with a larger --ctx-size"
            )
            if short
            else "",
            model=self.model.name,
            sequences=self.slots,
            url=url,
        )


async def ask_facts(server: HttpServer, vocabulary: RemoteVocabulary) -> ServerFacts:
    """Return what a server says of itself.

    Raises:
        EngineError: It cannot be asked, loads its model, or is no llama-server.
    """
    props = await server.get("props")
    eos_name = _text(props, "eos_token")
    _, fim, tells_slots = await asyncio.gather(
        vocabulary.learn(eos_name), vocabulary.fim(), _tells_slots(server)
    )
    settings = props.get("default_generation_settings")
    context = _count(settings, "n_ctx")
    if not context:
        raise LostServerError(f"what {server.name} answers makes no sense: is it a llama-server?")
    template = _text(props, "chat_template")[:_MAX_TEMPLATE] or None
    name = _printable(PurePath(_text(props, "model_alias") or _text(props, "model_path")).name)
    return ServerFacts(
        model=ModelInfo(
            name=name or server.name,
            path=Path(name or server.name),
            size_bytes=0,
            experts=0,
            fim=fim,
            chat_template=template,
            bos_text=_text(props, "bos_token"),
            eos_text=eos_name,
            spelt_markers=await vocabulary.spelt_markers(template or ""),
        ),
        context_tokens=context,
        slots=max(1, _count(props, "total_slots")),
        tells_slots=tells_slots,
        build=_printable(_text(props, "build_info")),
    )


async def busy_slots(server: HttpServer) -> set[int]:
    """Return the slots that generate now.

    Raises:
        EngineError: The server does not say, or cannot be asked.
    """
    found = [slot for slot in await server.get_list("slots") if isinstance(slot, dict)]
    return {int(slot["id"]) for slot in found if slot.get("is_processing") and _is_slot(slot)}


async def _tells_slots(server: HttpServer) -> bool:
    """Whether the server says which of its slots are busy; it may be told not to."""
    try:
        await busy_slots(server)
    except EngineError:
        return False
    return True


def _is_slot(found: dict[str, Any]) -> bool:
    return type(found.get("id")) is int


def _count(found: Any, name: str) -> int:
    value = found.get(name) if isinstance(found, dict) else None
    return value if type(value) is int and value > 0 else 0


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _printable(text: str) -> str:
    return "".join(filter(str.isprintable, text[:_MAX_NAME]))
