"""HTTP to a server: bounded answers, and a sentence for every failure.

Alone imports httpx2, when a server is first connected to: it is an extra, and takes a while.
"""

from __future__ import annotations

import contextlib
import json
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import Any, Final

from attrs import field, frozen

from leanwide.engine.base import EngineError
from leanwide.engine.remote.address import ServerAddress

_MAX_BYTES: Final = 64_000_000
"""Size of an answer; the token ids of a file of 10 MB are smaller."""
_MAX_LINE_BYTES: Final = 4_000_000
"""Size of one event of a stream."""
_ERROR_TYPE: Final = re.compile(r"\w{1,40}")
_TOO_LONG: Final = re.compile("context (?:length|size|window)")
"""How messages of servers name what is too long."""
CONTEXT_SETTINGS: Final = "llama-server: --ctx-size, vLLM: --max-model-len"
_CONNECTIONS: Final = 8
_MAX_NAME: Final = 200


class LostServerError(EngineError):
    """The server cannot be reached, or its answers make no sense: it has to be asked again."""


class LoadingError(LostServerError):
    """The server is there, and loads its model."""


class UnknownPathError(LostServerError):
    """The server lacks an address, or the model that is asked for."""


class NonsenseError(LostServerError):
    """The server answers something else than it was asked for."""


class RefusedRequestError(EngineError):
    """The server is well, and does not serve this request."""


@frozen(kw_only=True)
class HttpTimeouts:
    """When a server counts as gone, in seconds."""

    connect: float = 5.0
    """Until a connection is open, and encrypted."""
    answer: float = 20.0
    """Until a short question is answered."""
    silence: float = 60.0
    """Without a byte of a stream. A server that is busy sends a comment every few seconds."""
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
        """Prepare to connect; nothing is sent yet."""
        httpx2 = self._library = secrets.library
        self.name = address.name
        self._model = {"model": address.model} if address.model else {}
        self.timeouts = timeouts
        headers = {"Accept-Encoding": "identity"}  # no small answer that becomes a large one
        if secrets.key:
            headers["Authorization"] = f"Bearer {secrets.key}"
        self._client = httpx2.AsyncClient(
            base_url=address.url.rstrip("/").removesuffix("/v1") + "/",
            params=self._model,
            headers=headers,
            verify=secrets.trust,
            trust_env=False,  # no proxy that the user did not name for this
            timeout=httpx2.Timeout(timeouts.answer, connect=timeouts.connect),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=_CONNECTIONS),
        )

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

    async def stream(self, path: str, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Send a JSON object and yield the events of its answer; closing it closes the connection.

        Raises:
            EngineError: The server refuses, or cannot be asked, or breaks off.
        """
        timeout = self._library.Timeout(
            self.timeouts.silence, connect=self.timeouts.connect, write=self.timeouts.answer
        )
        with self._explained():
            sent = {**body, **self._model}
            async with self._client.stream("POST", path, json=sent, timeout=timeout) as answer:
                await self._check(answer)
                async for line in self._lines(answer):
                    data = line.removeprefix(b"data:").strip()
                    if not line.startswith(b"data:") or data in (b"", b"[DONE]"):
                        continue
                    event = self._object(data)
                    if error := _error_of(event):
                        code = error.get("code")
                        raise self._refusal(code if type(code) is int else 200, event)
                    yield event

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _ask(self, method: str, path: str, body: Any = None) -> bytes:
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
        raise self._refusal(answer.status_code, found)

    def _refusal(self, status: int, found: dict[str, Any]) -> EngineError:
        """Return the error for a status, or for the code of an error within a stream.

        What the server writes is not shown: it may quote the prompt.
        """
        error = _error_of(found)
        kind = str(error.get("type", ""))
        kind = kind if _ERROR_TYPE.fullmatch(kind) else ""
        if status in (401, 403):
            return LostServerError(
                f"{self.name} refuses the key: check key_file, or the environment variable"
            )
        if status == 503:
            return LoadingError(f"{self.name} loads its model")
        if kind == "exceed_context_size_error" or _TOO_LONG.search(str(error.get("message", ""))):
            return RefusedRequestError(
                f"the prompt does not fit the context of {self.name}: "
                f"start it with a longer one ({CONTEXT_SETTINGS})"
            )
        if status in (400, 422):
            return RefusedRequestError(
                f"{self.name} refuses the request ({kind or f'status {status}'})"
            )
        if status in (404, 405, 501):
            return UnknownPathError(
                f"{self.name} speaks neither as llama-server does nor OpenAI's interface: "
                "it lacks an address of theirs"
            )
        return LostServerError(f"{self.name} answers with an error ({kind or f'status {status}'})")

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
            return json.loads(data)
        except (ValueError, RecursionError):
            raise nonsense(self.name) from None

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the library's errors into sentences.

        Raises:
            LostServerError: The server cannot be reached, or broke off.
        """
        try:
            yield
        except self._library.ConnectError as error:
            raise LostServerError(self._why_not_connected(error)) from error
        except self._library.TimeoutException as error:
            raise LostServerError(f"{self.name} does not answer in time") from error
        except self._library.HTTPError as error:
            raise LostServerError(f"{self.name} broke the connection off") from error

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


def nonsense(server: str) -> NonsenseError:
    """Return the error for an answer that is none."""
    return NonsenseError(f"what {server} answers makes no sense: check the address")


def printable(text: str) -> str:
    """Return a name that a server gives, for people."""
    return "".join(filter(str.isprintable, text[:_MAX_NAME]))


def _error_of(found: dict[str, Any]) -> dict[str, Any]:
    """Return an error that an answer holds, in OpenAI's form or around it; empty: it holds none."""
    error = found.get("error")
    if isinstance(error, dict):
        return error
    if error:
        return {"message": error}
    return found if found.get("object") == "error" else {}


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
