"""Sends the messages of :mod:`tests.fuzz.messages` to a server, and reports what went wrong.

``python -m tests.fuzz.drive MESSAGES [SEED] [stdio|tcp]`` sends any number of messages.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from random import Random
from signal import SIGTERM
from typing import Any, Final

from attrs import define, field, frozen

from leanwide.lsp.rpc.framing import Frames
from tests.fuzz.messages import MARK, Author, Sent, answer_to, framed

SESSION: Final = 2500
"""Messages of one session at most."""
PATIENCE_S: Final = 60.0
_BEFORE: Final = 20
"""Messages before ``initialize``, and as many after ``shutdown``."""


@frozen
class Connection:
    """The streams of one session."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    log: Callable[[], str]
    """Returns the server's log so far."""
    ended: Callable[[], Any]
    """Waits for the session's end; returns its exit code, None if a session has none."""
    token: str | None = None
    """The access token that ``initialize`` must bring, if any."""


Connect = Callable[[], AbstractAsyncContextManager[Connection]]
Serve = Callable[[], AbstractAsyncContextManager[Connect]]


@asynccontextmanager
async def each_its_own() -> AsyncIterator[Connect]:
    """Serve every session with a process of its own."""
    yield stdio


@asynccontextmanager
async def stdio() -> AsyncIterator[Connection]:
    """Start a server on standard input and output."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fuzz.scripted"), stdin=pipe, stdout=pipe, stderr=pipe
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    lines: list[str] = []
    keeping = asyncio.create_task(_keep(process.stderr, lines))
    try:
        yield Connection(process.stdout, process.stdin, lambda: "".join(lines), process.wait)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await keeping


@asynccontextmanager
async def on_a_port() -> AsyncIterator[Connect]:
    """Start one server for all sessions, on a port."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fuzz.scripted", "tcp"), stdin=pipe, stderr=pipe
    )
    assert process.stderr is not None
    words = (await process.stderr.readline()).decode().split()
    port, file = int(words[3].rstrip(";").rpartition(":")[2]), Path(words[-1])
    lines: list[str] = []
    keeping = asyncio.create_task(_keep(process.stderr, lines))

    @asynccontextmanager
    async def connect() -> AsyncIterator[Connection]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield Connection(
                reader, writer, lambda: "".join(lines), _no_code, file.read_text("utf-8").strip()
            )
        finally:
            writer.close()

    try:
        yield connect
        process.send_signal(SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
        await keeping


async def _no_code() -> None:
    """A session on a port has no exit code; it ends with the stream."""


async def _keep(stream: asyncio.StreamReader, lines: list[str]) -> None:
    while data := await stream.read(65_536):
        lines.append(data.decode("utf-8", "replace"))


@define
class Session:
    """One session, and the problems found in it."""

    connection: Connection
    random: Random
    shuts_down: bool
    """Whether the client sends ``shutdown`` before ``exit``."""
    owed: Counter[str] = field(factory=Counter)
    answered: Counter[str] = field(factory=Counter)
    open: dict[str, bytes] = field(factory=dict)
    """Messages that have not been answered."""
    codes: Counter[int] = field(factory=Counter)
    """Answers by error code; 0 for results."""
    problems: list[str] = field(factory=list)
    answers: dict[str, Any] = field(factory=dict)
    """Answers to requests that the driver waits for."""
    sending: bool = False
    replies: bytearray = field(factory=bytearray)
    """Answers to the server, to be sent after the present message."""
    changed: asyncio.Event = field(factory=asyncio.Event)
    silence: asyncio.Timeout = field(factory=lambda: asyncio.timeout(PATIENCE_S))
    """Ends the session after a while without a word of the server, however long all of it takes:
    a machine may be busy."""

    async def send(self, *sent: Sent) -> None:
        """Send messages, cut at random places."""
        data = b"".join(message.data for message in sent)
        for message in sent:
            self.owed.update(map(_key, message.owed))
            self.open.update((_key(known), message.data) for known in message.owed)
        self.sending = True
        for piece in self._pieces(data):
            self.connection.writer.write(piece)
            await self.connection.writer.drain()
        self.sending = False
        self._reply(b"")

    async def ask(self, method: str, params: Any = None) -> Any:
        """Send a valid request and return its answer."""
        known = f"good {len(self.answers)}"
        self.answers[_key(known)] = None
        message = {"jsonrpc": "2.0", "id": known, "method": method}
        await self.send(
            Sent(framed(message if params is None else {**message, "params": params}), (known,))
        )
        while self.answers[_key(known)] is None:
            self.changed.clear()
            await self.changed.wait()
        return self.answers[_key(known)]

    async def tell(self, method: str, params: Any) -> None:
        """Send a valid notification."""
        await self.send(Sent(framed({"jsonrpc": "2.0", "method": method, "params": params})))

    async def listen(self) -> None:
        """Read messages until the server closes the stream."""
        frames = Frames()
        while data := await self.connection.reader.read(65_536):
            self.silence.reschedule(asyncio.get_running_loop().time() + PATIENCE_S)
            for frame in frames.feed(data):
                if not isinstance(frame, bytes):
                    self.problems.append(f"the server sent {frame}")
                    continue
                self._reply(self._received(frame))
        self.changed.set()

    def check(self) -> None:
        """Check the answers and the log of an ended session."""
        for known in self.owed.keys() | self.answered.keys():
            if self.owed[known] != self.answered[known]:
                owed, got = self.owed[known], self.answered[known]
                problem = f"{owed} answers owed for {known[:80]}, {got} came"
                self.problems.append(f"{problem}: {self.open.get(known, b'')[:500]!r}")
        log = self.connection.log()
        for word in (MARK, "Traceback"):
            before, found, after = log.partition(word)
            if found:
                self.problems.append(f"logged: {before[-500:]}{found}{after[:3000]}")

    def _reply(self, reply: bytes) -> None:
        """Answer the server, but not in the middle of a message."""
        self.replies += reply
        if not self.sending:
            self.connection.writer.write(bytes(self.replies))
            self.replies.clear()

    def _received(self, frame: bytes) -> bytes:
        """Check and record a message of the server; return the answer to a request."""
        if b"Traceback" in frame or b"traceback" in frame or b"site-packages" in frame:
            self.problems.append(f"a traceback: {frame[:300]!r}")
        message = json.loads(frame)
        if "method" in message:
            return answer_to(self.random, message) if "id" in message else b""
        self.codes[message.get("error", {}).get("code", 0)] += 1
        if (known := message["id"]) is not None:
            self.answered[_key(known)] += 1
            self.open.pop(_key(known), None)
            if _key(known) in self.answers:
                self.answers[_key(known)] = message
                self.changed.set()
        return b""

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        while data:
            size = self.random.choice((1, 7, 100, 4096, 65_536))
            yield data[:size]
            data = data[size:]


def _key(known: Any) -> str:
    return json.dumps(known)


async def session(connect: Connect, seed: int, count: int) -> Session:
    """Run one session with ``count`` messages."""
    author = Author(Random(seed))  # not shared, so that a seed always gives the same messages
    async with connect() as connection:
        run = Session(connection, Random(seed), shuts_down=seed % 2 == 0)
        listening = None
        try:
            async with run.silence:
                listening = asyncio.create_task(run.listen())
                await _talk(run, author, count)
                code = await connection.ended()
                await listening
        except (TimeoutError, ConnectionError) as error:
            run.problems.append(f"{type(error).__name__}; log: {connection.log()[-2000:]}")
            return run
        finally:
            if listening is not None:
                listening.cancel()
        wanted = 0 if run.shuts_down else 1
        if code is not None and code != wanted:
            run.problems.append(f"exit code {code}, not {wanted}")
    run.check()
    return run


async def _talk(run: Session, author: Author, count: int) -> None:
    """Send messages before ``initialize``, during the session and after ``shutdown``."""
    can = {"window": {"workDoneProgress": True, "showDocument": {"support": True}}}
    params: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": can}
    if run.connection.token is None:
        early = author.messages(_BEFORE)
        await run.send(*(message for message in early if b"initialize" not in message.data))
    else:
        params["initializationOptions"] = {"token": run.connection.token}
    await run.ask("initialize", params)
    await run.tell("initialized", {})
    batch: list[Sent] = []
    for message in author.messages(count):
        batch.append(message)
        if len(batch) == run.random.choice((1, 10, 50)) or len(batch) > 50:
            await run.send(*batch)
            batch.clear()
    await run.send(*batch)
    status = await run.ask("workspace/executeCommand", {"command": "leanwide.status"})
    if "result" not in status:
        run.problems.append(f"no status at the end: {status}")
    if run.shuts_down:
        await run.ask("shutdown")
        await run.send(*author.messages(_BEFORE))
    await run.tell("exit", None)


async def fuzz(serve: Serve, count: int, seed: int) -> AsyncIterator[Session]:
    """Run sessions with ``count`` messages in all, one after the other."""
    async with serve() as connect:
        while count > 0:
            yield await session(connect, seed, min(count, SESSION))
            count -= SESSION
            seed += 1


async def report(serve: Serve, count: int, seed: int) -> None:
    """Send ``count`` messages, and print the progress after each session."""
    began, codes, done = time.monotonic(), Counter[int](), 0
    async for run in fuzz(serve, count, seed):
        done, codes = min(done + SESSION, count), codes + run.codes
        rate = done / (time.monotonic() - began)
        print(f"{done} messages, {rate:.0f} a second, answers {dict(codes)}", flush=True)
        if run.problems:
            raise SystemExit("\n".join(run.problems[:20]))


def main() -> None:
    """Read the command line and run."""
    count, seed, way = (*sys.argv[1:], *("0", "stdio")[len(sys.argv) - 2 :])
    asyncio.run(report(WAYS[way], int(count), int(seed)))


WAYS: Final = {"stdio": each_its_own, "tcp": on_a_port}

if __name__ == "__main__":
    main()
