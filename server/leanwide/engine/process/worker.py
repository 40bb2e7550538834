"""The engine process: ``python -m leanwide.engine.process.worker``, started by the server.

A thread for each client reads messages, counts tokens and records cancellations at once. The
decoding thread owns llama.cpp and does everything else, in bounded steps.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from leanwide.engine import wire
from leanwide.engine.base import EngineError
from leanwide.engine.process.clients import ServedClient, ServedClients
from leanwide.engine.process.generation import cancelled_early
from leanwide.engine.process.inbox import ClientLeft, Inbox, QueuedMessage
from leanwide.engine.process.job import Job, Step
from leanwide.engine.process.lanes import Lanes
from leanwide.engine.process.models import Models
from leanwide.engine.process.scheduler import JobId, Scheduler
from leanwide.engine.requests import Finished, Piece, PrefillProgress, Priority
from leanwide.engine.specs import LaneInfo, ModelSpec

_TELL_S: Final = 10.0
"""Seconds after which clients that wait are told that the engine works."""


class Worker:
    """Connects the clients with the scheduler and the models."""

    def __init__(self, exit_process: Callable[[int], None] = os._exit) -> None:
        self._exit = exit_process
        self._clients = ServedClients()
        self._inbox = Inbox()
        self._specs: tuple[ModelSpec, ...] = ()
        self._models: Models | None = None
        self._opened: dict[str, wire.LaneOpened] = {}
        """What was said about each open lane."""
        self._scheduler = Scheduler(self._send_step, self._send_end)
        self._running: set[JobId] = set()
        """Jobs that have a sequence of their lane's KV cache, or are about to claim one."""
        self._started_at = time.time()
        self._told_at = time.monotonic()

    def start(self) -> None:
        """Start the decoding thread."""
        threading.Thread(target=self._decode_forever, daemon=True).start()

    def serve(self, client: ServedClient, stream: BinaryIO) -> None:
        """Read a client's messages until it closes its stream; then end its work.

        Raises:
            msgspec.MsgspecError: It sent something else.
            OSError: The stream cannot be read.
        """
        self._clients.add(client)
        try:
            while (message := wire.read_from_server(stream)) is not None:
                self._take(client, message)
        finally:
            self._clients.remove(client)
            client.leave()
            self._inbox.put(QueuedMessage(ClientLeft(), client.number))

    def _take(self, client: ServedClient, message: wire.ToWorker) -> None:
        match message:
            case wire.Cancel():
                client.cancel(message.id)
            case wire.Count():
                client.output.send(self._count(message))
            case wire.CountUnread():
                client.output.send(self._count_unread(message))
            case wire.Generate():
                client.begin(message.id)
                self._inbox.put(QueuedMessage(message, client.number))
            case wire.StartEngine() | wire.Close():
                self._inbox.put(QueuedMessage(message, client.number))

    def description(self) -> wire.Description:
        """Return what a client may want to know about this process."""
        return wire.Description(
            process=os.getpid(),
            clients=len(self._clients.started),
            started_at=self._started_at,
            model=str(self._specs[0].model_path) if self._specs else "",
            lanes=tuple(self._opened),
        )

    def _loaded(self, lane: str) -> Lanes | None:
        return None if self._models is None else self._models.loaded(lane)

    def _count(self, message: wire.Count) -> wire.Counts | wire.Failed:
        lanes = self._loaded(message.lane)
        if lanes is None or lanes.model is None:
            return wire.Failed(message.id, "no model is loaded")
        counts = [len(lanes.model.tokenize(text)) for text in message.texts]
        return wire.Counts(message.id, counts)

    def _count_unread(self, message: wire.CountUnread) -> wire.Counts | wire.Failed:
        lanes = self._loaded(message.lane)
        if lanes is None:
            return wire.Failed(message.id, "no model is loaded")
        counts = [lanes.unread(message.lane, prompt) for prompt in message.prompts]
        return wire.Counts(message.id, counts)

    def _decode_forever(self) -> None:
        try:
            while True:
                while not self._inbox.empty or self._scheduler.idle:
                    self._handle(self._inbox.get())
                self._scheduler.step()
                self._tell_waiting()
        finally:  # only an exception ends the loop, and the process cannot go on without it
            traceback.print_exc()  # the server logs stderr and starts another engine
            self._exit(70)

    def _tell_waiting(self) -> None:
        """Tell clients, from time to time, that steps are done, if only those of others.

        A client takes an engine that owes it an answer and does nothing for one that hangs.
        """
        now = time.monotonic()
        if now >= self._told_at + _TELL_S:
            self._told_at = now
            for job in self._scheduler.waiting:
                self._send(job, wire.Heartbeat(job.request))

    def _handle(self, queued: QueuedMessage) -> None:
        message, client = queued.message, self._clients.get(queued.client)
        if isinstance(message, ClientLeft):
            self._scheduler.forget(queued.client)
        if client is None:  # its requests need no answer, and none has begun
            return
        match message:
            case wire.StartEngine():
                self._start_engine(client, message.models)
            case wire.Close():
                client.needed.discard(message.lane)
                if self._models is not None and not self._clients.need(message.lane):
                    self._models.close(message.lane)
            case wire.Generate():
                self._begin(client, message, queued.received_at)

    def _start_engine(self, client: ServedClient, models: tuple[ModelSpec, ...]) -> None:
        """Load the first model for the first client; tell later ones what is loaded."""
        if self._models is None:
            client.started = True
            self._load(models)
        elif models != self._specs:
            client.output.send(wire.LoadRefused("the shared engine runs other models"))
        else:
            self._welcome(client, self._models)

    def _welcome(self, client: ServedClient, models: Models) -> None:
        """Tell a later client what is loaded; open the first lane where all were closed."""
        if not self._opened:
            try:
                _, info = models.open(self._specs[0].lanes[0].name, Priority.COMMAND)
            except EngineError as error:
                client.output.send(wire.LoadRefused(str(error)))
                return
            self._report(info)
        for opened in self._opened.values():
            client.output.send(opened)
        client.started = True

    def _load(self, models: tuple[ModelSpec, ...]) -> None:
        self._specs = models
        try:
            self._models = Models(
                models, lambda share: self._clients.tell(wire.Loading(share)), self._lane_closed
            )
            _, info = self._models.open(models[0].lanes[0].name, Priority.COMMAND)
        except EngineError as error:
            for client in self._clients.connected:  # they are here for the same models
                client.output.send(wire.LoadRefused(str(error)))
            self._exit(1)
            return
        self._report(info)

    def _lane_closed(self, lane: str) -> None:
        self._opened.pop(lane, None)
        self._clients.tell(wire.Closed(lane))

    def _report(self, info: LaneInfo) -> None:
        """Tell the clients about a lane, once after it was opened."""
        if self._models is not None and info.name not in self._opened:
            model = self._models.lanes_with(info.name).model_info()
            self._opened[info.name] = opened = wire.LaneOpened(model, info)
            self._clients.tell(opened)

    def _begin(self, client: ServedClient, message: wire.Generate, arrived: float) -> None:
        lane, priority, number = message.request.lane, message.request.priority, client.number
        client.needed.add(lane)
        job_id = JobId(number, message.id)
        job = Job(
            request=message.request,
            arrived=arrived,
            cancelled=client.cancellation(message.id).is_set,
            preempted=lambda: self._inbox.has_higher_priority_than(priority, number),
        )
        self._scheduler.add(
            job_id,
            priority,
            self._steps(job_id, job),
            job.cancelled,
            waits=lambda: job_id not in self._running and self._is_full(lane),
        )

    def _is_full(self, lane: str) -> bool:
        """Whether all sequences of a lane are in use."""
        return self._models is not None and not self._models.has_free_sequence(lane)

    def _steps(self, job_id: JobId, job: Job) -> Iterator[Step]:
        if self._models is None:
            raise EngineError("no model is loaded")
        name = job.request.lane
        for _ in self._models.load(name):
            if job.cancelled():
                break
            yield None
        while self._is_full(name) and not job.cancelled():
            yield None
        if job.cancelled():  # before a lane is opened for it
            yield cancelled_early(job, experts=0)
            return
        lane, info = self._models.open(name, job.request.priority)
        self._report(info)
        self._running.add(job_id)
        try:
            yield from lane.run(job)
        finally:
            self._running.discard(job_id)

    def _send_step(self, job: JobId, step: Piece | PrefillProgress | None) -> None:
        match step:
            case Piece():
                reply = wire.TextPiece(job.request, step.text, step.thought, step.special)
                self._send(job, reply)
            case PrefillProgress():
                self._send(job, wire.PromptProgress(job.request, step.tokens, step.of))
            case None:
                self._send(job, wire.Heartbeat(job.request))

    def _send_end(self, job: JobId, end: Finished | EngineError) -> None:
        if isinstance(end, EngineError):
            self._send(job, wire.Failed(job.request, str(end)))
        else:
            self._send(job, wire.Done(job.request, end.reason, end.stats))
        if (client := self._clients.get(job.client)) is not None:
            client.end(job.request)

    def _send(self, job: JobId, reply: wire.Reply) -> None:
        if (client := self._clients.get(job.client)) is not None:
            client.output.send(reply)


class PipeOutput:
    """Writes to a pipe and waits while it is full: the only client is slow then."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def send(self, message: wire.ToServer) -> None:
        """Write a message."""
        with self._lock:
            self._pipe.write(wire.frame(message))
            self._pipe.flush()


def prepare_process() -> None:
    """Let no signal of the terminal end this process, and no failed assertion write its memory."""
    # The terminal sends Ctrl-C to the whole process group; the server decides when the engine ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # No core dump after a failed assertion: the memory holds the user's code.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Serve the parent process on stdin and stdout until it closes the pipe."""
    prepare_process()
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # llama.cpp sometimes prints on stdout, which would break a frame
    worker = Worker()
    worker.start()
    worker.serve(ServedClient(0, PipeOutput(output)), sys.stdin.buffer)
    os._exit(0)  # do not wait for the decoding thread: it may be inside llama.cpp


if __name__ == "__main__":
    main()
