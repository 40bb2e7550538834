"""``/v1/models`` and ``/health``."""

from __future__ import annotations

import time

from leanwide.engine.base import EngineError, EngineState
from leanwide.http.answers import JsonAnswer
from leanwide.http.errors import HttpError, http_error
from leanwide.http.service import HttpService
from leanwide.modes.profile import LEAN, WIDE


async def models(service: HttpService, _: bytes) -> JsonAnswer:
    """Return the models of the lanes, once the one of completions is loaded.

    Raises:
        HttpError: It cannot be loaded.
    """
    engine = service.engine
    try:
        typing = await engine.ready(service.questions.typing_lane)
    except EngineError as error:
        raise http_error(error, engine.status) from error
    loaded = [engine.model(lane) for lane in (LEAN, WIDE)]
    names = dict.fromkeys([typing.name, *(model.name for model in loaded if model is not None)])
    created = int(time.time())
    data = [
        {"id": name, "object": "model", "created": created, "owned_by": "leanwide"}
        for name in names
    ]
    return JsonAnswer({"object": "list", "data": data})


async def health(service: HttpService, _: bytes) -> JsonAnswer:
    """Return whether a request would be answered now; a model that is not loaded yet will be.

    Raises:
        HttpError: The engine has failed.
    """
    status = service.engine.status
    if status.state is EngineState.FAILED:
        raise HttpError(503, status.reason, "engine_unavailable")
    return JsonAnswer({"status": "ok", "engine": status.state})


def model_name(service: HttpService, lane: str = "") -> str:
    """Return the name of a lane's model, by default the typing lane's; "" before it is loaded."""
    model = service.engine.model(lane or service.questions.typing_lane)
    return "" if model is None else model.name
