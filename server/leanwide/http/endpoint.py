"""The endpoint: a listener whose connections share a service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial

import h11

from leanwide.access_token import AccessToken
from leanwide.http.admission import HttpAdmission
from leanwide.http.limits import DEFAULT_LIMITS, HttpLimits
from leanwide.http.listener import HttpListener
from leanwide.http.routes import check_route, respond
from leanwide.http.service import HttpService


@asynccontextmanager
async def endpoint(
    service: HttpService,
    token: AccessToken,
    names: Iterable[str] = (),
    limits: HttpLimits = DEFAULT_LIMITS,
) -> AsyncIterator[HttpListener]:
    """Serve connections while the block runs; then end them, all work, and the engine.

    Args:
        service: What requests share.
        token: The secret that clients must know.
        names: Names of this machine that clients may use.
        limits: What a client may send and hold.
    """
    admission = HttpAdmission(token, frozenset(names))

    def check(request: h11.Request) -> None:
        admission.check(request.headers)
        check_route(request)

    listener = HttpListener(check, partial(respond, service), limits)
    service.start()
    try:
        yield listener
    finally:
        await listener.close()
        await service.close()
