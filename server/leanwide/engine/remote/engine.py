"""An engine at a server: it is found, asked what it is, lost and found again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Final

from attrs import field, frozen

from leanwide.engine.base import EngineError, EngineState, EngineStatus, NotLoadedError
from leanwide.engine.observed_status import ObservedStatus
from leanwide.engine.remote.address import ServerAddress
from leanwide.engine.remote.connection import ServerConnection
from leanwide.engine.remote.errors import LoadingError, LostServerError
from leanwide.engine.remote.facts import ServerFacts
from leanwide.engine.remote.http import HttpServer, HttpTimeouts, prepare
from leanwide.engine.remote.opening import open_connection
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    FinishReason,
    Piece,
    PrefillProgress,
    ProgressCallback,
    Prompt,
    Request,
    Stats,
    ignore_progress,
)
from leanwide.engine.specs import LaneInfo, LaneSpec, ModelInfo

logger = logging.getLogger(__name__)

_CLOSED: Final = "the engine was closed"


@frozen(kw_only=True)
class ServerPatience:
    """How long a server is waited for; times in seconds."""

    http: HttpTimeouts = field(factory=HttpTimeouts)
    first_pause: float = 0.5
    """Before the first new try; doubles with every further failure in a row."""
    long_pause: float = 30.0

    def pause_after(self, failures: int) -> float:
        """Return the pause after ``failures`` failures in a row."""
        return min(self.long_pause, self.first_pause * 2.0 ** min(failures - 1, 20))


class RemoteEngine:
    """An :class:`~leanwide.engine.base.Engine` at a server."""

    def __init__(
        self,
        address: ServerAddress,
        lanes: Sequence[LaneSpec],
        patience: ServerPatience | None = None,
    ) -> None:
        """Prepare; nothing is sent before :meth:`start` or :meth:`ready`."""
        self._address = address
        self._lanes = tuple(lanes)
        self._patience = patience or ServerPatience()
        self._status = ObservedStatus()
        self._connection: ServerConnection | None = None
        self._connecting = asyncio.Lock()
        self._retrying: asyncio.Task[None] | None = None
        self._failures = 0
        """Failures in a row, without a served request between them."""
        self._trouble = ""
        """What the user was told of the failures in a row."""
        self._running = self._urgent = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._closed = False
        self._closings: set[asyncio.Task[None]] = set()
        """Connections to a lost server that are being closed."""

    @property
    def status(self) -> EngineStatus:
        """The current state."""
        return self._status.current

    def model(self, lane: str) -> ModelInfo | None:
        """Return the server's model, if it is there."""
        if self._connection is None or lane not in self.lane_names or self._refusal(lane):
            return None
        return self._connection.facts.model

    @property
    def lanes(self) -> tuple[LaneInfo, ...]:
        """The lanes, once the server answered."""
        if self._connection is None:
            return ()
        facts = self._connection.facts
        return tuple(
            facts.lane(spec, self._address.url, self._address.name)
            for spec in self._lanes
            if not self._refusal(spec.name)
        )

    @property
    def url(self) -> str:
        """The server's address."""
        return self._address.url

    @property
    def lane_names(self) -> tuple[str, ...]:
        """The lanes that run there."""
        return tuple(spec.name for spec in self._lanes)

    @property
    def facts(self) -> ServerFacts | None:
        """What the server said of itself; None while it is not connected."""
        return None if self._connection is None else self._connection.facts

    def observe(self, observer: Callable[[EngineStatus], None]) -> None:
        """Call ``observer`` with every new status."""
        self._status.observe(observer)

    def start(self) -> None:
        """Begin to connect, unless that is done or under way. Returns at once."""
        idle = self._retrying is None or self._retrying.done()
        if not self._closed and self._connection is None and idle:
            self._retrying = asyncio.create_task(self._keep_trying())

    async def ready(self, lane: str) -> ModelInfo:
        """Connect now, unless that is done; return the server's model.

        Raises:
            EngineError: The server cannot be used; the message says why.
        """
        await self._connect()
        if refusal := self._refusal(lane):
            raise EngineError(refusal)
        model = self.model(lane)
        if model is None:  # it was lost since
            raise NotLoadedError
        return model

    async def count(self, lane: str, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text.

        Raises:
            EngineError: The server is not connected, or was lost.
        """
        with self._connected(lane) as connection:
            return await connection.count(texts)

    async def unread(self, lane: str, prompts: Sequence[Prompt]) -> list[int]:
        """Return how many tokens of each prompt are probably not in the server's KV cache.

        Raises:
            EngineError: The server is not connected, or was lost.
        """
        with self._connected(lane) as connection:
            return await connection.unread(prompts)

    async def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        """Stream the answer; the last event is :class:`Finished`.

        Raises:
            EngineError: The server cannot serve the request, or was lost meanwhile.
        """
        if request.truth:
            raise EngineError(f"{self._address.name} cannot measure how likely a text is")
        no_cost = Stats(lane=request.lane, experts=0)
        with self._connected(request.lane) as connection:
            if request.save is not None or not (request.prompt or request.max_tokens):
                yield Finished(FinishReason.LENGTH, no_cost)
                return
            if request.avoided:  # no server can be asked for that
                yield Finished(FinishReason.END, no_cost)
                return
            if not await self._turn(request, cancel):
                yield Finished(FinishReason.CANCELLED, no_cost)
                return
            end: Finished | None = None
            with self._counted(request):
                async for event in connection.run(request, self._lane(request.lane), cancel):
                    if isinstance(event, PrefillProgress):
                        watch(event)
                    elif isinstance(event, Finished):
                        end = event
                    else:
                        yield event
            if end is not None:  # after the end, for who has it asks for no more events
                self._record_served(end)
                yield end

    def close_lane(self, name: str) -> None:
        """Do nothing: the memory is the server's."""

    async def memory_bytes(self) -> int:
        """Return 0: nothing runs on this machine."""
        return 0

    async def close(self) -> None:
        """Close the connections; requests that wait fail."""
        self._closed = True
        if self._retrying is not None:
            self._retrying.cancel()
            await asyncio.wait((self._retrying,))
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
        await asyncio.gather(*self._closings)

    def _refusal(self, lane: str) -> str:
        """Return why the server cannot run a lane; "" where it can, or is not connected."""
        facts = self.facts
        if facts is None or lane not in self.lane_names:
            return ""
        return facts.refusal(self._lane(lane), self._address.name)

    def _lane(self, name: str) -> LaneSpec:
        return next(spec for spec in self._lanes if spec.name == name)

    @contextlib.contextmanager
    def _connected(self, lane: str) -> Iterator[ServerConnection]:
        """Yield the connection for a lane; where it is lost meanwhile, begin to look for it.

        Raises:
            EngineError: There is none, or it is lost, or the lane runs elsewhere.
        """
        if lane not in self.lane_names:
            raise EngineError(f"there is no lane {lane!r}")
        connection = self._connection
        if connection is None:
            raise EngineError(_CLOSED) if self._closed else NotLoadedError
        if refusal := self._refusal(lane):
            raise EngineError(refusal)
        try:
            yield connection
        except LostServerError as error:
            if self._connection is connection:
                self._lose(connection, error)
            raise EngineError(_CLOSED if self._closed else self._trouble or str(error)) from error

    async def _turn(self, request: Request, cancel: CancelToken) -> bool:
        """Wait until nothing more urgent runs; return whether the request is still wanted."""
        if not request.priority.serves_user:
            cancel.on_cancel(self._quiet.set)  # it ends the wait below, though others still run
            while self._urgent and not cancel.cancelled:
                self._quiet.clear()
                await self._quiet.wait()
        return not cancel.cancelled

    @contextlib.contextmanager
    def _counted(self, request: Request) -> Iterator[None]:
        """Count a request that runs: the engine is busy, and less urgent ones wait."""
        urgent = request.priority.serves_user
        self._running, self._urgent = self._running + 1, self._urgent + urgent
        if self._connection is not None:
            self._status.set(EngineState.BUSY)
        try:
            yield
        finally:
            self._running, self._urgent = self._running - 1, self._urgent - urgent
            if not self._urgent:
                self._quiet.set()
            if not self._running and self._status.current.state is EngineState.BUSY:
                self._status.set(EngineState.IDLE)

    async def _keep_trying(self) -> None:
        """Connect; after each failure, try again after a pause that grows."""
        while not self._closed and self._connection is None:
            if self._failures:
                await asyncio.sleep(self._patience.pause_after(self._failures))
            with contextlib.suppress(EngineError):
                await self._connect()
            if self._status.current.state is EngineState.FAILED:
                return

    async def _connect(self) -> None:
        """Connect, unless that is done.

        Raises:
            EngineError: It does not work; the message says why.
        """
        async with self._connecting:
            if self._closed:
                raise EngineError(_CLOSED)
            if self._connection is not None:
                return
            try:
                connection = await self._open()
            except LostServerError as error:
                self._fail(error)
                self.start()
                raise EngineError(str(error)) from error
            except EngineError as error:  # the settings are wrong: waiting does not help
                self._status.set(EngineState.FAILED, str(error))
                raise
            except Exception as error:
                logger.exception("connecting failed")
                what = f"{self._address.name} cannot be used ({type(error).__name__})"
                failure = EngineError(f"{what}: check the url of its lane; the log says more")
                self._status.set(EngineState.FAILED, str(failure))
                raise failure from error
            if self._closed:  # meanwhile
                await connection.close()
                raise EngineError(_CLOSED)
            self._connection = connection
        refusals = (self._refusal(name) for name in self.lane_names)
        notices = filter(None, (*refusals, *(lane.notice for lane in self.lanes)))
        self._status.set(EngineState.IDLE, next(notices, ""))

    async def _open(self) -> ServerConnection:
        """Connect and ask the server what it is.

        Raises:
            EngineError: The settings are wrong, or the server cannot be used.
        """
        self._address.check()
        secrets = await asyncio.to_thread(prepare, self._address)
        server = HttpServer(self._address, secrets, self._patience.http)
        try:
            connection = await open_connection(server, self._address.model)
            refusals = [connection.facts.refusal(spec, server.name) for spec in self._lanes]
            if all(refusals):
                raise EngineError(refusals[0])
        except BaseException:
            await server.close()
            raise
        return connection

    def _lose(self, connection: ServerConnection, error: LostServerError) -> None:
        """Forget a server that does not answer as it should, and look for it again."""
        self._connection = None
        self._fail(error)
        task = asyncio.create_task(connection.close())
        self._closings.add(task)
        task.add_done_callback(self._closings.discard)
        self.start()

    def _fail(self, error: LostServerError) -> None:
        """Count a failure; the first of several in a row is the one that is told.

        A server that loads its model is no trouble, and is asked again soon.
        """
        logger.info("%s", error)
        if isinstance(error, LoadingError):
            self._failures = 1
            self._status.set(EngineState.LOADING)
            return
        self._failures += 1
        self._trouble = self._trouble or f"{error}; it is asked again until it works"
        self._status.set(EngineState.DEGRADED, self._trouble)

    def _record_served(self, end: Finished) -> None:
        """Reset the failures in a row, unless the request was cancelled before it generated."""
        if end.reason is FinishReason.CANCELLED and not end.stats.tokens_generated:
            return
        if self._failures:
            self._failures, self._trouble = 0, ""
            self._status.recoveries += 1
            self._status.set(self._status.current.state)
