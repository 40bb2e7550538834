"""Connections: whatever a client sends and however slowly, it is answered or ended in time."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.endpoint.served import WITHIN, request_of, served, until

POST = request_of("/infill", "POST")[:-2]
"""A request whose headers go on."""


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"Content-Length: 20\r\n\r\n{}", 400),
        (request_of(Cookie="a" * 40_000), 431),
        (b"GET /" + b"a" * 20_000, 431),
        (POST + b"Content-Length: x\r\n\r\n", 400),
        (POST + b"Content-Length: -1\r\n\r\n", 400),
        (POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400),
        (POST + b"Content-Length: 9999999\r\n\r\n", 413),
        (POST + b"Content-Length: 99999999999999999999\r\n\r\n", 413),
        (POST + b"Transfer-Encoding: gzip\r\n\r\n", 501),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffffffff\r\n", 400),
    ],
)
async def test_what_is_no_request_gets_an_error_and_the_end(data: bytes, status: int):
    async with served(linger_s=0.05) as at:
        answer = await at.raw(data)
        assert answer.startswith(b"HTTP/1.1 %d " % status)
        assert b'{"error":{"message":"' in answer
        assert (await at.client.get("/health")).status_code == 200


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (request_of("/health", "HEAD"), 200),
        (request_of("/v1/models", "HEAD"), 200),
        (request_of("/infill", "HEAD"), 405),
        (request_of("/nothing", "HEAD"), 404),
        (b"HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\n", 401),
    ],
)
async def test_a_request_for_headers_alone_is_answered_without_a_body(request_: bytes, status: int):
    async with served(linger_s=0.05) as at:
        both = await at.raw(request_ + request_of(Connection="close"))
        first, _, rest = both.partition(b"\r\n\r\n")
        assert first.startswith(b"HTTP/1.1 %d " % status)
        assert b"content-length: " in first.lower()
        assert rest[:13] == (b"HTTP/1.1 200 " if status == 200 else b"")


async def test_a_body_is_bounded_also_where_its_length_is_not_told():
    async with served(body_bytes=1000, linger_s=0.05) as at:
        chunks = b"".join(b"64\r\n" + b" " * 100 + b"\r\n" for _ in range(30))
        answer = await at.raw(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "said",
    [b"", b"G", POST, POST + b"Content-Length: 10\r\n\r\n", POST + b"Content-Length: 10\r\n\r\n{"],
)
async def test_a_client_that_is_too_slow_is_disconnected(said: bytes):
    async with served(head_s=0.05, body_s=0.05, linger_s=0.05) as at:
        assert await at.raw(said) == b""


async def test_a_connection_without_a_further_request_is_closed():
    async with served(idle_s=0.05) as at:
        assert (await at.raw(request_of())).startswith(b"HTTP/1.1 200 ")


async def test_bytes_that_come_one_by_one_do_not_prolong_the_time():
    async with served(head_s=0.2) as at:
        reader, writer = await at.connect()

        async def drip() -> None:
            while True:
                writer.write(b"X")
                await writer.drain()
                await asyncio.sleep(0.01)

        dripping = asyncio.create_task(drip())
        async with asyncio.timeout(WITHIN):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)


async def test_a_client_waits_for_permission_to_send_a_long_body():
    async with served(["x"]) as at:
        body = b'{"input_prefix":"a = "}'
        head = POST + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        reader, writer = await at.connect()
        writer.write(head % len(body))
        async with asyncio.timeout(WITHIN):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
            writer.write(body)
            assert b'"content":"x"' in await reader.read()


async def test_requests_follow_each_other_on_a_connection_also_when_sent_at_once():
    async with served(["x"]) as at:
        body = b'{"input_prefix":"a = "}'
        infill = POST + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        answer = await at.raw(request_of() + infill + request_of(Connection="close"))
        assert answer.count(b"HTTP/1.1 200 ") == 3
        assert b'"content":"x"' in answer


async def test_a_connection_too_many_closes_one_that_asks_nothing():
    async with served(["return", " path"], connections=3) as at:
        at.engine.pause()
        asked = asyncio.create_task(at.infill("def load(path):\n    "))
        await until(lambda: len(at.engine.requests) == 1)
        idle = [await at.connect() for _ in range(6)]
        for reader, _ in idle[:4]:
            async with asyncio.timeout(WITHIN):
                assert await reader.read() == b""
        at.engine.resume()
        assert await asked == "return path"


async def test_a_connection_too_many_is_closed_where_all_are_busy():
    async with served(["x"], ["y"], connections=1) as at:
        at.engine.pause()
        asked = asyncio.create_task(at.infill("first = "))
        await until(lambda: len(at.engine.requests) == 1)
        assert await at.raw(request_of()) == b""
        at.engine.resume()
        assert await asked == "x"


async def test_a_client_that_does_not_read_is_disconnected_and_blocks_no_other():
    pieces = [f"{number:0200}\n" for number in range(20_000)]
    async with served(pieces, ["x"], write_s=0.1) as at:
        _, writer = await at.connect()
        body = b'{"prompt":"count","stream":true}'
        ask = request_of("/v1/completions", "POST")[:-2]
        writer.write(ask + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        await until(lambda: len(at.engine.requests) == 1)
        await until(lambda: not at.listener._open)
        assert await at.infill("b = ") == "x"


async def test_the_end_of_the_server_ends_every_connection():
    async with served(["x"]) as at:
        at.engine.pause()
        busy = asyncio.create_task(at.raw(_with_body(b'{"input_prefix":"a = "}')))
        idle = asyncio.create_task(at.raw(b""))
        await until(lambda: len(at.engine.requests) == 1)
    assert await busy == b""
    assert await idle == b""


def _with_body(body: bytes) -> bytes:
    return POST + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


async def test_ended_connections_leave_no_task():
    async with served(*[["x"]] * 20) as at:
        await at.infill("a = ")
        await at.client.aclose()
        await until(lambda: not at.listener._open)
        before = asyncio.all_tasks()
        for number in range(20):
            _, writer = await at.connect()
            writer.write(_with_body(b'{"input_prefix":"value_%d = "}' % number)[: 40 + 20 * number])
            await asyncio.sleep(0)
            writer.transport.abort()
        await until(lambda: not asyncio.all_tasks() - before)
