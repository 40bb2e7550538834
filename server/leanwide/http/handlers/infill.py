"""``/infill``, as llama-server answers it and llama.vim asks for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from leanwide.features.given_files import GivenFile
from leanwide.features.journal import Record
from leanwide.http.answers import EventStream, JsonAnswer, event
from leanwide.http.handlers.code import CodeAtCursor, CodeRequest, code_at
from leanwide.http.handlers.models import model_name
from leanwide.http.parameters import InfillBody, check_supported, read_body
from leanwide.http.service import HttpService


async def infill(service: HttpService, body: bytes) -> JsonAnswer | EventStream:
    """Return the text between a prefix and a suffix.

    Raises:
        HttpError: The body cannot be used, or the engine cannot.
    """
    asked = await read_body(body, InfillBody)
    check_supported(asked)
    limit = asked.t_max_predict_ms
    request = CodeRequest(
        before=asked.input_prefix + asked.prompt,
        after=asked.input_suffix,
        name=asked.filename or "",
        files=[GivenFile(piece.filename or "", piece.text) for piece in asked.input_extra or ()],
        wishes=asked.wishes,
        most_ms=limit if limit is not None and limit > 0 else None,
    )
    answer = await code_at(request, service)
    said = _answer(answer, model_name(service))
    if asked.stream:
        return EventStream(_events(answer.text, said))
    fields = asked.response_fields
    return JsonAnswer(said if fields is None else _chosen(said, fields))


async def _events(text: str, said: dict[str, Any]) -> AsyncGenerator[bytes, None]:
    """Stream an answer, which is filtered as a whole, in one piece."""
    yield event({"content": text, "stop": False})
    yield event({**said, "content": ""})


def _answer(answer: CodeAtCursor, model: str) -> dict[str, Any]:
    timings = _timings(answer.record)
    return {
        "content": answer.text,
        "stop": True,
        "model": model,
        "prompt": "" if answer.record is None else answer.record.prompt,
        "reason": "" if answer.record is None else answer.record.reason,
        "tokens_predicted": timings["predicted_n"],
        "tokens_evaluated": timings["prompt_n"],
        "tokens_cached": timings["cache_n"],
        "truncated": False,
        "timings": timings,
    }


def _timings(record: Record | None) -> dict[str, float]:
    """Return what an answer cost, by llama-server's names."""
    if record is None:
        return {**_speed("prompt", 0, 0.0), **_speed("predicted", 0, 0.0), "cache_n": 0}
    return {
        **_speed("prompt", record.tokens_evaluated, record.ms["prompt"]),
        **_speed("predicted", record.tokens_generated, record.ms["decode"]),
        "cache_n": record.tokens_reused,
    }


def _speed(stage: str, tokens: int, ms: float) -> dict[str, float]:
    return {
        f"{stage}_n": tokens,
        f"{stage}_ms": ms,
        f"{stage}_per_token_ms": ms / tokens if tokens else 0.0,
        f"{stage}_per_second": 1000 * tokens / ms if ms else 0.0,
    }


def _chosen(said: Mapping[str, Any], fields: list[str]) -> dict[str, Any]:
    """Return the fields that a client names; ``timings/prompt_n`` is one inside another."""
    chosen = {}
    for field in fields:
        outer, _, inner = field.partition("/")
        value = said.get(outer)
        if inner:
            value = value.get(inner) if isinstance(value, dict) else None
        if value is not None:
            chosen[field] = value
    return chosen
