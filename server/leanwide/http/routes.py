"""The table of everything that the endpoint answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import h11

from leanwide.http.connection import Answer
from leanwide.http.errors import HttpError
from leanwide.http.handlers.chat import chat
from leanwide.http.handlers.completions import completions
from leanwide.http.handlers.infill import infill
from leanwide.http.handlers.models import health, models
from leanwide.http.service import HttpService

Handler = Callable[[HttpService, bytes], Awaitable[Answer]]

ROUTES: Final[dict[str, tuple[bytes, Handler]]] = {
    "/infill": (b"POST", infill),
    "/v1/completions": (b"POST", completions),
    "/v1/chat/completions": (b"POST", chat),
    "/v1/models": (b"GET", models),
    "/health": (b"GET", health),
}
"""Path, method, and the function that answers."""


def check_route(request: h11.Request) -> None:
    """Check that a request is for something in :data:`ROUTES`.

    Raises:
        HttpError: It is not.
    """
    _handler(request)


async def respond(service: HttpService, request: h11.Request, body: bytes) -> Answer:
    """Answer a request.

    Raises:
        HttpError: It is not served.
    """
    return await _handler(request)(service, body)


def _handler(request: h11.Request) -> Handler:
    path = request.target.partition(b"?")[0].decode("latin-1")
    method, handler = ROUTES.get(path, (b"", None))
    if handler is None:
        raise HttpError(404, f"There are {', '.join(ROUTES)} here.", "not_found")
    asked = b"GET" if request.method == b"HEAD" else request.method
    if asked != method:
        allowed = {"Allow": method.decode()}
        raise HttpError(405, f"{path} takes {method.decode()}.", "method_not_allowed", allowed)
    return handler
