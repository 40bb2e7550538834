"""An endpoint of this process with a scripted engine, and clients over real connections."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from attrs import define, evolve, field

from leanwide.access_token import AccessToken
from leanwide.engine.base import Engine
from leanwide.http.endpoint import endpoint
from leanwide.http.limits import HttpLimits
from leanwide.http.listener import HttpListener
from leanwide.http.service import HttpService
from leanwide.options import Options, parse
from leanwide.prompt.texts import built_in_texts
from tests.features.editor import SteppedEngine

TOKEN = "a token of sixteen characters or more"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
WITHIN = 20.0
"""Seconds until anything must have happened, on a machine that is busy with other tests."""


@define(eq=False)
class Served:
    """An endpoint, and what it is made of."""

    engine: Any
    service: HttpService
    listener: HttpListener
    port: int
    told: list[str]
    """What the user was told."""
    client: httpx2.AsyncClient = field(init=False)
    _writers: list[asyncio.StreamWriter] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self.client = self.another()

    def another(self, **headers: str) -> httpx2.AsyncClient:
        """Return another client with the token."""
        return httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={**BEARER, **headers},
            timeout=WITHIN,
            trust_env=False,
            verify=False,  # reading the system's certificates takes a while
        )

    async def infill(self, before: str, after: str = "", **more: Any) -> str:
        """Return what ``/infill`` says between two texts."""
        body = {"input_prefix": before, "input_suffix": after, **more}
        answer = await self.client.post("/infill", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["content"])

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection, which is closed in the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 16)
        self._writers.append(writer)
        return reader, writer

    async def raw(self, data: bytes) -> bytes:
        """Send bytes, and return what comes until the end of the connection."""
        reader, writer = await self.connect()
        with contextlib.suppress(ConnectionError):
            writer.write(data)
            async with asyncio.timeout(WITHIN):
                return await reader.read()
        return b""

    async def leave(self) -> None:
        """Close all connections."""
        await self.client.aclose()
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def served(
    *answers: Any, engine: Engine | None = None, options: Options | None = None, **limits: Any
) -> AsyncIterator[Served]:
    """Serve with an engine that gives these answers, and does nothing by itself."""
    scripted = engine or SteppedEngine()
    if isinstance(scripted, SteppedEngine):
        scripted.enqueue(*answers)
    told: list[str] = []
    service = HttpService(scripted, options or quiet(), built_in_texts(), told.append)
    async with endpoint(service, AccessToken(TOKEN), ("box",), HttpLimits(**limits)) as listener:
        server = await asyncio.start_server(listener.connected, "127.0.0.1", 0)
        at = Served(scripted, service, listener, server.sockets[0].getsockname()[1], told)
        try:
            yield at
        finally:
            await at.leave()
            server.close()


def quiet() -> Options:
    """Return options without any work that nothing asked for."""
    options, _ = parse()
    return evolve(options, completion=evolve(options.completion, look_ahead=False))


def request_of(path: str = "/health", method: str = "GET", **headers: str) -> bytes:
    """Return a request without a body, with the token."""
    given = {"Host": "localhost", **BEARER, **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode()


def events(text: str) -> list[Any]:
    """Return the values of server-sent events, without the last mark."""
    data = [block.removeprefix("data: ") for block in text.split("\n\n") if block]
    return [json.loads(one) for one in data if one != "[DONE]"]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what comes sooner or later."""
    async with asyncio.timeout(WITHIN):
        while not condition():
            await asyncio.sleep(0.005)
