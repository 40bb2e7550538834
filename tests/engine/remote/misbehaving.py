"""A server that speaks as llama-server does, until a test has it misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from attrs import define, field

NAMES = (
    "<|endoftext|>",
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    "<think>",
    "</think>",
)
"""Special tokens: their ids are 1 to 6. Any other character is the token 100 + its code point."""

Handler = Callable[["MisbehavingServer", asyncio.StreamWriter, dict[str, Any]], Awaitable[None]]


def ids(text: str, *, special: bool) -> list[int]:
    parts = re.split("(" + "|".join(map(re.escape, NAMES)) + ")", text) if special else [text]
    return [
        token
        for part in parts
        for token in ([1 + NAMES.index(part)] if part in NAMES and special else map(_id, part))
    ]


def _id(character: str) -> int:
    return 100 + ord(character)


def event(**values: Any) -> bytes:
    return b"data: " + json.dumps(values).encode() + b"\n\n"


def token(text: str, number: int) -> bytes:
    """A generated token, as an event."""
    special = 1 + NAMES.index(text) if text in NAMES else _id(text[0]) if text else 1
    return event(content=text, tokens=[special], stop=False, id_slot=0, tokens_predicted=number)


def end(kind: str = "eos", **timings: float) -> bytes:
    return event(content="", tokens=[], stop=True, stop_type=kind, id_slot=0, timings=timings)


def demanded(body: dict[str, Any]) -> str:
    """The text that an answer must begin with, by the grammar of a request."""
    begins = re.match(r'root ::= "(.*?)"', body.get("grammar", ""))
    escaped = begins[1] if begins else ""
    return re.sub(r"\\U([0-9A-F]{8})", lambda found: chr(int(found[1], 16)), escaped)


async def start_events(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
    await writer.drain()


async def answer_well(
    server: MisbehavingServer, writer: asyncio.StreamWriter, body: dict[str, Any]
) -> None:
    """Answer with two tokens."""
    await start_events(writer)
    writer.write(token("o", 1) + token("k", 2) + end(prompt_n=1, cache_n=2))


@define(eq=False)
class MisbehavingServer:
    """Answers as :attr:`completion` and :attr:`before` say, else as llama-server does."""

    completion: Handler = answer_well
    before: Handler | None = None
    """Answers every request, in place of all else."""
    too_busy_once: set[str] = field(factory=set)
    """Addresses whose next request is one too many."""
    model: str = "fake"
    card: dict[str, Any] = field(factory=dict)
    """What its list of models says of its only one."""
    slots: int = 4
    busy: dict[int, dict[str, Any]] = field(factory=dict)
    """The slots that generate, and what is told of each besides."""
    bodies: list[dict[str, Any]] = field(factory=list)
    """The requests for completions."""
    seen: list[str] = field(factory=list)
    """The addresses and headers of all requests."""
    open: int = 0
    most_open: int = 0
    """Requests at the same time, and the most of them so far."""
    port: int = 0
    tasks: set[asyncio.Task[None]] = field(factory=set)
    stopping: bool = False

    def asked(self, path: str) -> int:
        """How often an address was asked."""
        return sum(head.split()[1] == path for head in self.seen)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        # A cancelled handler would be reported as an error of the test.
        with contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
        ):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.seen.append(head)
            size = re.search(r"content-length: (\d+)", head.lower())
            data = await reader.readexactly(int(size[1])) if size else b"{}"
            path = head.split()[1].lstrip("/").partition("?")[0]
            with self._counted():
                if path in self.too_busy_once:
                    self.too_busy_once.remove(path)
                    await too_busy(self, writer, {})
                else:
                    await self.answer(path, json.loads(data), writer)
            await writer.drain()
        writer.transport.abort() if self.stopping else writer.close()
        self.tasks.discard(task)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            yield
        finally:
            self.open -= 1

    async def answer(self, path: str, body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if path == "completion":
            self.bodies.append(body)
        if self.before is not None:
            await self.before(self, writer, body)
        elif path == "completion":
            await self.completion(self, writer, body)
        else:
            respond(writer, self._fact(path, body))

    def _fact(self, path: str, body: dict[str, Any]) -> Any:
        if path == "tokenize":
            content = body["content"]
            parts = content if isinstance(content, list) else [content]
            special = body.get("parse_special", True)
            found = [
                each
                for part in parts
                for each in ([part] if isinstance(part, int) else ids(part, special=special))
            ]
            if body.get("with_pieces"):
                return {"tokens": [{"id": each, "piece": chr(each - 100)} for each in found]}
            return {"tokens": found}
        if path == "v1/models":
            return {"data": [{"id": self.model, **self.card}]}
        if path == "slots":
            return [
                {"id": number, "is_processing": number in self.busy, **self.busy.get(number, {})}
                for number in range(self.slots)
            ]
        return {
            "default_generation_settings": {"n_ctx": 4096},
            "total_slots": self.slots,
            "model_alias": self.model,
            "chat_template": "{{ messages }}<think>",
            "bos_token": "",
            "eos_token": NAMES[0],
            "build_info": "b1-fake",
        }


def respond(writer: asyncio.StreamWriter, value: Any, status: str = "200 OK") -> None:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + data)


async def too_busy(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    respond(writer, {"error": {"type": "rate_limit_error"}}, "429 Too Many Requests")


@contextlib.asynccontextmanager
async def misbehaving(tls: ssl.SSLContext | None = None) -> AsyncIterator[MisbehavingServer]:
    """Run a llama-server on a port of this machine."""
    fake = MisbehavingServer()
    async with listening_on(fake, tls):
        yield fake


@contextlib.asynccontextmanager
async def listening_on(
    fake: MisbehavingServer, tls: ssl.SSLContext | None = None
) -> AsyncIterator[None]:
    """Run a server on a port of this machine."""
    listening = await asyncio.start_server(fake.serve, "127.0.0.1", 0, ssl=tls)
    fake.port = listening.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        listening.close()
        fake.stopping = True
        for task in list(fake.tasks):
            task.cancel()
        await asyncio.gather(*fake.tasks)
        await asyncio.sleep(0)  # the transports close
