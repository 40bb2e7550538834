"""HTTP to a server: bounded answers, and a sentence for every failure.

Alone imports httpx2, when a server is first connected to: it is an extra, and takes a while.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from types import ModuleType
from typing import Any, Final

from attrs import field, frozen

from leanwide.engine.base import EngineError
from leanwide.engine.remote.address import ServerAddress
from leanwide.engine.remote.errors import (
    LostServerError,
    SlowServerError,
    error_of,
    nonsense,
    refusal,
)
from leanwide.foreign_json import read_json

_MAX_BYTES: Final = 64_000_000
"""Size of an answer; the token ids of a file of 10 MB are smaller."""
_MAX_LINE_BYTES: Final = 4_000_000
"""Size of one event of a stream."""
_CONNECTIONS: Final = 8
_BODY_GOES_OUT: Final = "http11.send_request_body.started"
"""The library's name for the moment at which a request's body is written."""


@frozen(kw_only=True)
class HttpTimeouts:
    """When a server counts as gone, in seconds."""

    connect: float = 5.0
    """Until a connection is open, and encrypted."""
    answer: float = 20.0
    """Until a short question is answered."""
    silence: float = 60.0
    """Without a byte of a llama-server's stream: a busy one sends a comment every few seconds."""
    progress: float = 300.0
    """Without a token, and without a step of prefill."""


@frozen(kw_only=True)
class ServerSecrets:
    """What a connection needs besides the address."""

    key: str = field(repr=False)
    """Sent with every request; "" for none."""
    trust: ssl.SSLContext
    """The authorities whose certificates are trusted: the system's, and the address's own."""
    library: ModuleType
    """httpx2."""


class HttpServer:
    """A server, through connections that stay open."""

    def __init__(
        self, address: ServerAddress, secrets: ServerSecrets, timeouts: HttpTimeouts
    ) -> None:
        """Prepare to connect; nothing is sent yet.

        Raises:
            EngineError: The library does not take the address.
        """
        httpx2 = self._library = secrets.library
        self.name = address.name
        self._model = {"model": address.model} if address.model else {}
        self.timeouts = timeouts
        headers = {"Accept-Encoding": "identity"}  # no small answer that becomes a large one
        if secrets.key:
            headers["Authorization"] = f"Bearer {secrets.key}"
        try:
            base_url = httpx2.URL(address.url.rstrip("/").removesuffix("/v1") + "/")
        except httpx2.InvalidURL as error:
            raise EngineError(f"{address.url!a} is no address of a server ({error})") from error
        self._client = httpx2.AsyncClient(
            base_url=base_url,
            params=self._model,
            headers=headers,
            verify=secrets.trust,
            trust_env=False,  # no proxy that the user did not name for this
            timeout=httpx2.Timeout(timeouts.answer, connect=timeouts.connect),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=_CONNECTIONS),
        )
        self._questions = asyncio.Semaphore(_CONNECTIONS)
        """Of short questions, so many are asked at a time; each further one would take a connection
        of its own, of which a process has a few hundred."""

    async def get(self, path: str) -> dict[str, Any]:
        """Return a JSON object.

        Raises:
            EngineError: The server refuses, or cannot be asked.
        """
        return self._object(await self._ask("GET", path))

    async def get_list(self, path: str) -> list[Any]:
        """Return a JSON list.

        Raises:
            EngineError: The server refuses, or cannot be asked.
        """
        value = self._parsed(await self._ask("GET", path))
        if not isinstance(value, list):
            raise nonsense(self.name)
        return value

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a JSON object and return another.

        Raises:
            EngineError: The server refuses, or cannot be asked.
        """
        return self._object(await self._ask("POST", path, {**body, **self._model}))

    async def stream(
        self,
        path: str,
        body: dict[str, Any],
        silence_s: float,
        sent: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[dict[str, Any]]:
        """Send a JSON object and yield the events of its answer; closing it closes the connection.

        Args:
            path: Where it is sent.
            body: The object.
            silence_s: Seconds without a byte after which the server counts as gone.
            sent: Called when the object goes out: from then on the server may work on it.

        Raises:
            EngineError: The server refuses, or cannot be asked, or breaks off.
        """
        timeout = self._library.Timeout(
            silence_s, connect=self.timeouts.connect, write=self.timeouts.answer
        )

        async def trace(step: str, _: Any) -> None:
            if step == _BODY_GOES_OUT:
                sent()

        asked = {"json": {**body, **self._model}, "timeout": timeout}
        with self._explained():
            stream = self._client.stream("POST", path, **asked, extensions={"trace": trace})
            async with stream as answer:
                await self._check(answer)
                async for line in self._lines(answer):
                    data = line.removeprefix(b"data:").strip()
                    if not line.startswith(b"data:") or data in (b"", b"[DONE]"):
                        continue
                    event = self._object(data)
                    if error := error_of(event):
                        code = error.get("code")
                        raise refusal(self.name, code if type(code) is int else 200, event)
                    yield event

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _ask(self, method: str, path: str, body: Any = None) -> bytes:
        async with self._questions:
            with self._explained():
                async with self._client.stream(method, path, json=body) as answer:
                    await self._check(answer)
                    return await self._read(answer)

    async def _check(self, answer: Any) -> None:
        """Refuse every answer but a good one.

        Raises:
            EngineError: The status says why.
        """
        if answer.status_code == 200:
            return
        try:
            found = self._object(await self._read(answer))
        except LostServerError:
            found = {}
        raise refusal(self.name, answer.status_code, found)

    async def _read(self, answer: Any) -> bytes:
        data = bytearray()
        async for chunk in answer.aiter_raw():
            data += chunk
            if len(data) > _MAX_BYTES:
                raise nonsense(self.name)
        return bytes(data)

    async def _lines(self, answer: Any) -> AsyncIterator[bytes]:
        """Yield the lines of a stream, without their ends."""
        held = bytearray()
        async for chunk in answer.aiter_raw():
            *lines, rest = chunk.split(b"\n")
            for line in lines:
                yield bytes(held + line).rstrip(b"\r")
                held.clear()
            held += rest
            if len(held) > _MAX_LINE_BYTES:
                raise nonsense(self.name)

    def _object(self, data: bytes) -> dict[str, Any]:
        value = self._parsed(data)
        if not isinstance(value, dict):
            raise nonsense(self.name)
        return value

    def _parsed(self, data: bytes) -> Any:
        try:
            return read_json(data)
        except (ValueError, RecursionError):
            raise nonsense(self.name) from None

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the library's errors into sentences.

        Raises:
            LostServerError: The server cannot be reached, or broke off, or this was closed.
        """
        try:
            yield
        except self._library.ConnectError as error:
            raise LostServerError(self._why_not_connected(error)) from error
        except self._library.TimeoutException as error:
            raise SlowServerError(f"{self.name} does not answer in time") from error
        except self._library.HTTPError as error:
            raise LostServerError(f"{self.name} broke the connection off") from error
        except RuntimeError as error:
            if not self._client.is_closed:
                raise
            raise LostServerError(f"the connection to {self.name} was closed") from error

    def _why_not_connected(self, error: BaseException) -> str:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return (
                    f"the certificate of {self.name} is not trusted ({cause.verify_message}): "
                    "name the file of its authority as ca_file"
                )
            if isinstance(cause, ssl.SSLError):
                return f"{self.name} does not speak TLS as it should: check the address"
            cause = cause.__cause__ or cause.__context__
        return f"{self.name} cannot be reached: check that the server runs there"


def prepare(address: ServerAddress) -> ServerSecrets:
    """Return what a connection needs; reads files, and loads the library.

    Raises:
        EngineError: The library or a file is missing, or a file holds something else.
    """
    try:
        import httpx2  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as error:
        raise EngineError(
            f"{error.name} is missing, which speaks to {address.name}: "
            "pip install 'leanwide[remote]' brings it"
        ) from error
    trust = ssl.create_default_context()
    if address.ca_file is not None:
        try:
            trust.load_verify_locations(address.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise EngineError(f"{address.ca_file} holds no certificates: {error}") from error
    return ServerSecrets(key=address.read_key(), trust=trust, library=httpx2)
