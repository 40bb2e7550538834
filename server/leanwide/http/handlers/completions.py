"""``/v1/completions``: code at a cursor where the prompt shows one, else the text as it goes on."""

from __future__ import annotations

from leanwide.engine.base import EngineError
from leanwide.engine.requests import Finished, FinishReason
from leanwide.features.continuation import continue_text
from leanwide.features.refusal import Refusal
from leanwide.http.answers import EventStream, JsonAnswer
from leanwide.http.errors import HttpError, http_error
from leanwide.http.handlers.code import CodeRequest, code_at
from leanwide.http.handlers.models import model_name
from leanwide.http.handlers.openai import TEXT, Ended, OpenAiReply, Pieces
from leanwide.http.parameters import CompletionBody, check_supported, read_body
from leanwide.http.service import HttpService
from leanwide.prompt.spelt_fim import spelt_hole

_CUT = (FinishReason.LENGTH, FinishReason.DEADLINE)


async def completions(service: HttpService, body: bytes) -> JsonAnswer | EventStream:
    """Return what follows a prompt, or stands between it and a suffix.

    Raises:
        HttpError: The body cannot be used, or the engine cannot.
    """
    asked = await read_body(body, CompletionBody)
    check_supported(asked)
    if asked.echo:
        raise HttpError(400, "The prompt is not repeated: leave echo out.", "unsupported")
    if not asked.text and not asked.suffix:
        raise HttpError(400, "The prompt is empty: there is nothing to continue.")
    hole = (asked.text, asked.suffix) if asked.suffix else spelt_hole(asked.text)
    pieces = _at_hole(asked, hole, service) if hole is not None else _continued(asked, service)
    reply = OpenAiReply(form=TEXT, model=model_name(service), with_usage=asked.wants_usage)
    return await (reply.streamed(pieces) if asked.stream else reply.whole(pieces))


async def _at_hole(asked: CompletionBody, hole: tuple[str, str], service: HttpService) -> Pieces:
    """Yield the code that belongs into a hole, in one piece: it is filtered as a whole.

    Raises:
        HttpError: The model is loading, or cannot be used.
    """
    request = CodeRequest(
        before=hole[0], after=hole[1], name=asked.filename or "", wishes=asked.wishes
    )
    answer = await code_at(request, service)
    if answer.text:
        yield answer.text
    yield Ended.after(answer.record, cut=answer.cut)


async def _continued(asked: CompletionBody, service: HttpService) -> Pieces:
    """Yield the text that follows a prompt.

    Raises:
        HttpError: The prompt does not fit, or the engine cannot serve it.
    """
    try:
        async for piece in continue_text(asked.text, asked.wishes, service.questions):
            if isinstance(piece, Finished):
                yield Ended.after(piece.stats, cut=piece.reason in _CUT)
            else:
                yield piece
    except (EngineError, Refusal) as error:
        raise http_error(error, service.engine.status) from error
