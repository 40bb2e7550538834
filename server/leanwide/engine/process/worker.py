"""The engine process: ``python -m leanwide.engine.process.worker``, started by the server.

Two threads. The main thread reads messages, counts tokens and records cancellations at once. The
decoding thread owns llama.cpp and does everything else, in bounded steps.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import BinaryIO

from leanwide.engine import wire
from leanwide.engine.base import EngineError
from leanwide.engine.process.generation import cancelled_early
from leanwide.engine.process.inbox import Inbox, QueuedMessage
from leanwide.engine.process.job import Job, Step
from leanwide.engine.process.lanes import Lanes
from leanwide.engine.process.models import Models
from leanwide.engine.process.scheduler import Scheduler
from leanwide.engine.requests import Finished, Piece, PrefillProgress, Priority
from leanwide.engine.specs import LaneInfo


class Worker:
    """Connects the pipe with the scheduler and the models."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._write_lock = threading.Lock()
        self._inbox = Inbox()
        self._cancelled: dict[int, threading.Event] = {}
        self._models: Models | None = None
        self._reported: set[str] = set()
        self._scheduler = Scheduler(self._send_step, self._send_end)

    def serve(self, stream: BinaryIO) -> None:
        """Read messages until the server closes the pipe."""
        threading.Thread(target=self._decode_forever, daemon=True).start()
        while (message := wire.read_from_server(stream)) is not None:
            match message:
                case wire.Cancel():
                    if (event := self._cancelled.get(message.id)) is not None:
                        event.set()
                case wire.Count():
                    self._count(message)
                case wire.CountUnread():
                    self._count_unread(message)
                case wire.Generate():
                    self._cancelled[message.id] = threading.Event()
                    self._inbox.put(QueuedMessage(message))
                case wire.StartEngine() | wire.Close():
                    self._inbox.put(QueuedMessage(message))

    def _send(self, message: wire.ToServer) -> None:
        with self._write_lock:
            self._output.write(wire.frame(message))
            self._output.flush()

    def _loaded(self, lane: str) -> Lanes | None:
        return None if self._models is None else self._models.loaded(lane)

    def _count(self, message: wire.Count) -> None:
        lanes = self._loaded(message.lane)
        if lanes is None or lanes.model is None:
            self._send(wire.Failed(message.id, "no model is loaded"))
        else:
            counts = [len(lanes.model.tokenize(text)) for text in message.texts]
            self._send(wire.Counts(message.id, counts))

    def _count_unread(self, message: wire.CountUnread) -> None:
        lanes = self._loaded(message.lane)
        if lanes is None:
            self._send(wire.Failed(message.id, "no model is loaded"))
        else:
            counts = [lanes.unread(message.lane, prompt) for prompt in message.prompts]
            self._send(wire.Counts(message.id, counts))

    def _decode_forever(self) -> None:
        try:
            while True:
                while not self._inbox.empty or self._scheduler.idle:
                    self._handle(self._inbox.get())
                self._scheduler.step()
        finally:  # only an exception ends the loop, and the process cannot go on without it
            traceback.print_exc()  # the server logs stderr and starts another engine
            os._exit(70)

    def _handle(self, queued: QueuedMessage) -> None:
        message = queued.message
        match message:
            case wire.StartEngine():
                self._load(message)
            case wire.Close():
                if self._models is not None:
                    self._models.close(message.lane)
            case wire.Generate():
                job = self._job(message, queued.received_at)
                steps = self._steps(job)
                self._scheduler.add(message.id, job.request.priority, steps, job.cancelled)

    def _send_closed(self, lane: str) -> None:
        self._reported.discard(lane)
        self._send(wire.Closed(lane))

    def _load(self, message: wire.StartEngine) -> None:
        try:
            self._models = Models(
                message.models, lambda share: self._send(wire.Loading(share)), self._send_closed
            )
            _, info = self._models.open(message.models[0].lanes[0].name, Priority.COMMAND)
        except EngineError as error:
            self._send(wire.LoadRefused(str(error)))
            os._exit(1)
        self._report(info)

    def _report(self, info: LaneInfo) -> None:
        """Tell the server about a lane, once after it was opened."""
        if self._models is not None and info.name not in self._reported:
            self._reported.add(info.name)
            model = self._models.lanes_with(info.name).model_info()
            self._send(wire.LaneOpened(model, info))

    def _job(self, message: wire.Generate, arrived: float) -> Job:
        priority = message.request.priority
        return Job(
            request=message.request,
            arrived=arrived,
            cancelled=self._cancelled[message.id].is_set,
            preempted=lambda: self._inbox.has_higher_priority_than(priority),
        )

    def _steps(self, job: Job) -> Iterator[Step]:
        if self._models is None:
            raise EngineError("no model is loaded")
        for _ in self._models.load(job.request.lane):
            if job.cancelled():
                break
            yield None
        if job.cancelled():  # before a lane is opened for it
            yield cancelled_early(job, experts=0)
            return
        lane, info = self._models.open(job.request.lane, job.request.priority)
        self._report(info)
        yield from lane.run(job)

    def _send_step(self, job_id: int, step: Piece | PrefillProgress | None) -> None:
        match step:
            case Piece():
                self._send(wire.TextPiece(job_id, step.text, step.thought, step.special))
            case PrefillProgress():
                self._send(wire.PromptProgress(job_id, step.tokens, step.of))
            case None:
                self._send(wire.Heartbeat(job_id))

    def _send_end(self, job_id: int, end: Finished | EngineError) -> None:
        del self._cancelled[job_id]
        if isinstance(end, EngineError):
            self._send(wire.Failed(job_id, str(end)))
        else:
            self._send(wire.Done(job_id, end.reason, end.stats))


def main() -> None:
    """Serve the parent process on stdin and stdout until it closes the pipe."""
    # The terminal sends Ctrl-C to the whole process group; the server decides when the engine ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # No core dump after a failed assertion: the memory holds the user's code.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # llama.cpp sometimes prints on stdout, which would break a frame
    Worker(output).serve(sys.stdin.buffer)
    os._exit(0)  # do not wait for the decoding thread: it may be inside llama.cpp


if __name__ == "__main__":
    main()
