from __future__ import annotations

import asyncio
import contextlib

import pytest

from leanwide.lsp.rpc.outbox import Outbox


class Pipe:
    """A client that reads once it is let."""

    def __init__(self) -> None:
        self.data = b""
        self.reads = asyncio.Event()
        self.gone = False

    def write(self, data: bytes, /) -> None:
        self.data += data

    async def drain(self) -> None:
        await self.reads.wait()
        if self.gone:
            raise BrokenPipeError


async def test_messages_are_sent_in_order():
    outbox, pipe = Outbox(), Pipe()
    pipe.reads.set()
    task = asyncio.create_task(outbox.send_all(pipe))
    for number in range(10):
        outbox.put(b"%d" % number)
    await outbox.flushed()
    assert pipe.data == b"0123456789"
    assert outbox.size == 0
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_optional_messages_are_dropped_for_a_client_that_does_not_read():
    outbox = Outbox(max_bytes=1000, max_optional_bytes=100)
    for _ in range(100):
        outbox.put_optional(b"x" * 10)
    assert outbox.size == 110
    for _ in range(10):
        outbox.put(b"y" * 10)
    assert outbox.size == 210
    assert not outbox.overflowed.is_set()


async def test_unread_answers_are_bounded():
    outbox = Outbox(max_bytes=1000)
    for _ in range(1000):
        outbox.put(b"x" * 10)
    assert outbox.overflowed.is_set()
    assert outbox.size <= 1010


async def test_bytes_that_are_being_written_count_as_unread():
    outbox, pipe = Outbox(max_bytes=1000), Pipe()
    task = asyncio.create_task(outbox.send_all(pipe))
    outbox.put(b"x" * 600)
    await asyncio.sleep(0.01)
    outbox.put(b"x" * 600)
    assert outbox.overflowed.is_set()
    task.cancel()


async def test_writing_ends_when_the_client_is_gone():
    outbox, pipe = Outbox(), Pipe()
    pipe.gone = True
    pipe.reads.set()
    outbox.put(b"x")
    with pytest.raises(BrokenPipeError):
        await outbox.send_all(pipe)
