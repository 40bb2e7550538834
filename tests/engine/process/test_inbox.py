"""The queue of the decoding thread, and whether it holds a more urgent request."""

from __future__ import annotations

import threading

import pytest

from leanwide.engine import wire
from leanwide.engine.process.inbox import Inbox, QueuedMessage
from leanwide.engine.requests import Priority
from tests.engine.make import request

INTERACTIVE, COMMAND, _, BACKGROUND = Priority


def queued(priority: Priority, client: int = 0) -> QueuedMessage:
    return QueuedMessage(wire.Generate(1, request("x", priority=priority)), client)


@pytest.mark.parametrize(
    ("waiting", "running", "preempted"),
    [
        (INTERACTIVE, COMMAND, True),
        (INTERACTIVE, INTERACTIVE, True),
        (COMMAND, BACKGROUND, True),
        (COMMAND, COMMAND, False),
        (BACKGROUND, COMMAND, False),
        (BACKGROUND, BACKGROUND, False),
    ],
)
def test_a_more_urgent_request_preempts_a_running_one(waiting, running, preempted):
    inbox = Inbox()
    inbox.put(queued(BACKGROUND))
    inbox.put(queued(waiting))
    assert inbox.has_higher_priority_than(running) is preempted


@pytest.mark.parametrize(
    ("waiting", "running", "preempted"),
    [
        (INTERACTIVE, COMMAND, True),
        (INTERACTIVE, INTERACTIVE, False),
        (COMMAND, BACKGROUND, True),
        (BACKGROUND, BACKGROUND, False),
    ],
)
def test_only_a_more_urgent_request_of_another_client_preempts(waiting, running, preempted):
    inbox = Inbox()
    inbox.put(queued(waiting, client=1))
    assert inbox.has_higher_priority_than(running, client=2) is preempted


def test_an_empty_queue_and_other_messages_preempt_nothing():
    inbox = Inbox()
    assert not inbox.has_higher_priority_than(BACKGROUND)
    inbox.put(QueuedMessage(wire.Close("wide")))
    assert not inbox.has_higher_priority_than(BACKGROUND)


def test_messages_arrive_in_order_and_get_waits_for_them():
    inbox = Inbox()
    got: list[object] = []
    reader = threading.Thread(target=lambda: got.extend(inbox.get().message for _ in range(3)))
    reader.start()
    for lane in "abc":
        inbox.put(QueuedMessage(wire.Close(lane)))
    reader.join(timeout=10)
    assert got == [wire.Close(lane) for lane in "abc"]
    assert inbox.empty
