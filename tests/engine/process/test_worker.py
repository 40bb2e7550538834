"""The engine process in this one: what its clients are told."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from attrs import define, field

from leanwide.engine import wire
from leanwide.engine.process import worker
from leanwide.engine.process.clients import ServedClient
from leanwide.engine.requests import Priority
from leanwide.engine.specs import LaneSpec
from tests.engine.make import LEAN, request, spec

ROOMY = LaneSpec(name="roomy", experts=4, context_tokens=4096, sequences=2)


@define
class KeptMessages:
    """What a client was sent."""

    messages: queue.Queue[wire.ToServer] = field(factory=queue.Queue)

    def send(self, message: wire.ToServer) -> None:
        """Keep a message."""
        self.messages.put(message)

    def next(self, kind: type) -> wire.ToServer:
        """Wait for a message of a kind."""
        while not isinstance(message := self.messages.get(timeout=20), kind):
            pass
        return message


Say = Callable[[wire.ToWorker], object]


@pytest.fixture
def joined() -> Iterator[Callable[[], tuple[Say, KeptMessages]]]:
    """Return a function that connects another client."""
    engine = worker.Worker()
    engine.start()
    numbers = iter(range(10))

    def serve(client: ServedClient, pipe: int) -> None:
        with os.fdopen(pipe, "rb") as stream:
            engine.serve(client, stream)

    with ExitStack() as left:

        def join() -> tuple[Say, KeptMessages]:
            reading, writing = os.pipe()
            output = KeptMessages()
            client = ServedClient(next(numbers), output)
            serving = threading.Thread(target=serve, args=(client, reading), daemon=True)
            left.callback(serving.join)
            pipe = left.enter_context(os.fdopen(writing, "wb", buffering=0))
            serving.start()
            return lambda message: pipe.write(wire.frame(message)), output

        yield join


def test_a_client_that_waits_for_others_learns_that_the_engine_works(tiny, joined, monkeypatch):
    monkeypatch.setattr(worker, "_TELL_S", 0.0)
    (say, told), (say_too, told_too) = joined(), joined()
    for each, output in ((say, told), (say_too, told_too)):
        each(wire.StartEngine((spec(tiny, LEAN, ROOMY),)))
        output.next(wire.LaneOpened)
    say(wire.Generate(1, request("x = ", max_tokens=2000, lane="roomy")))
    told.next(wire.TextPiece)
    say_too(wire.Generate(7, request("y = ", priority=Priority.BACKGROUND)))
    assert told_too.next(wire.Heartbeat) == wire.Heartbeat(7)
    say(wire.Cancel(1))
    told.next(wire.Done)
    told_too.next(wire.Done)


def test_a_client_that_joins_while_every_lane_is_closed_gets_the_first_one(tiny, joined):
    (say, told), (say_too, told_too) = joined(), joined()
    start = wire.StartEngine((spec(tiny, LEAN, ROOMY),))
    say(start)
    told.next(wire.LaneOpened)
    say(wire.Close("lean"))
    told.next(wire.Closed)
    say_too(start)
    assert told_too.next(wire.LaneOpened).lane.name == "lean"
    assert told.next(wire.LaneOpened).lane.name == "lean"


def test_a_number_that_a_client_uses_twice_is_cancelled_like_any_other():
    client = ServedClient(1, KeptMessages())
    client.begin(7)
    client.begin(7)
    client.end(7)
    second = client.cancellation(7)  # what it raised would end the engine of all clients
    client.cancel(7)
    assert second.is_set()
