"""What waits for the decoding thread, and whether it goes before what runs."""

from __future__ import annotations

import threading

import pytest

from leanwide.engine import wire
from leanwide.engine.base import Priority
from leanwide.engine.process.inbox import Inbox, QueuedMessage
from tests.engine.make import request

INTERACTIVE, COMMAND, BACKGROUND = Priority


def asked(priority: Priority) -> QueuedMessage:
    return QueuedMessage(wire.Generate(1, request("x", priority=priority)))


@pytest.mark.parametrize(
    ("waiting", "running", "outdone"),
    [
        (INTERACTIVE, COMMAND, True),
        (INTERACTIVE, INTERACTIVE, True),
        (COMMAND, BACKGROUND, True),
        (COMMAND, COMMAND, False),
        (BACKGROUND, COMMAND, False),
        (BACKGROUND, BACKGROUND, False),
    ],
)
def test_what_is_more_urgent_outdoes_what_runs(waiting, running, outdone):
    inbox = Inbox()
    inbox.put(asked(BACKGROUND))
    inbox.put(asked(waiting))
    assert inbox.has_higher_priority_than(running) is outdone


def test_nothing_and_what_is_no_request_outdo_nothing():
    inbox = Inbox()
    assert not inbox.has_higher_priority_than(BACKGROUND)
    inbox.put(QueuedMessage(wire.Close("wide")))
    assert not inbox.has_higher_priority_than(BACKGROUND)


def test_messages_come_in_order_and_are_waited_for():
    inbox, got = Inbox(), []
    reader = threading.Thread(target=lambda: got.extend(inbox.get().message for _ in range(3)))
    reader.start()
    for lane in "abc":
        inbox.put(QueuedMessage(wire.Close(lane)))
    reader.join(timeout=10)
    assert [message.lane for message in got] == ["a", "b", "c"]
    assert inbox.empty
