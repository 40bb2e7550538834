from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.lsp.rpc.framing import MAX_HEADER_BYTES, BadFrame, Frames

BODY = b'{"a": 1}'
GOOD = b"Content-Length: 8\r\n\r\n" + BODY


def read(data: bytes, size: int = 1 << 20, most: int = 1000) -> list[bytes | BadFrame]:
    frames = Frames(most)
    pieces = (data[start : start + size] for start in range(0, len(data), size))
    return [frame for piece in pieces for frame in frames.feed(piece)]


@pytest.mark.parametrize(
    "headers",
    [
        b"content-length: 8\r\n",
        b"CONTENT-LENGTH: 8\r\n",
        b"Content-Length:8\r\n",
        b"Content-Length:   8  \r\n",
        b"Content-Length: 8\n",
        b"Content-Length: 0008\r\n",
        b"Content-Length: 8\r\nContent-Length: 8\r\n",
        b"X-Other: 1\r\nContent-Length: 8\r\nContent-Type: a; charset=utf-8\r\n",
        b"content-type: application/vscode-jsonrpc; charset=utf8\nContent-Length: 8\n",
        b"nothing\r\nContent-Length: 8\r\n",
        b"\r\n\nContent-Length: 8\r\n",
    ],
)
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_headers_are_read_in_any_spelling(headers: bytes, end: bytes):
    assert read(headers + end + BODY + GOOD) == [BODY, BODY]


@pytest.mark.parametrize(
    "start",
    [
        b"Content-Length: 1000000000000\r\n\r\n",
        b"Content-Length: " + b"9" * 25 + b"\r\n\r\n",
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"Content-Length: -8\r\n\r\n",
        b"Content-Length: \r\n\r\n",
        b"Content-Length: 8 8\r\n\r\n",
        b"Content-Length: \xc2\xb2\r\n\r\n",
        b"Content-Length: 8\r\nContent-Length: 9\r\n\r\n",
        b"Content-Length: 1001\r\n\r\n",
        b"Content-Type: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"X: " + b"y" * 3 * MAX_HEADER_BYTES,
        b"X: y\r\n" * MAX_HEADER_BYTES,
    ],
)
@pytest.mark.parametrize("size", [1, 5, 1 << 20])
def test_an_unreadable_frame_does_not_affect_the_next(start: bytes, size: int):
    found = read(start + BODY + GOOD + GOOD, size)
    assert isinstance(found[0], BadFrame)
    assert found[1:] == [BODY, BODY]


def test_an_unknown_charset_does_not_affect_the_next_frame():
    found = read(b"Content-Length: 8\r\nContent-Type: a; charset=utf-16\r\n\r\n" + BODY + GOOD)
    assert isinstance(found[0], BadFrame)
    assert found[1:] == [BODY]


def test_a_frame_that_is_too_long_is_not_buffered():
    frames = Frames(1000)
    assert len(list(frames.feed(b"Content-Length: 100000000\r\n\r\n"))) == 1
    for _ in range(100):
        assert not list(frames.feed(b"x" * 100_000))
    assert len(frames._buffer) < 100  # the memory that it takes
    assert list(frames.feed(GOOD)) == [BODY]


@given(st.lists(st.binary(max_size=60)), st.integers(1, 40))
def test_frames_are_read_however_the_stream_is_split(bodies: list[bytes], size: int):
    data = b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in bodies)
    assert read(data, size) == bodies


@given(
    st.lists(st.one_of(st.binary(max_size=40), st.just(b"\r\n\r\n"), st.just(b"Content-Length:")))
)
def test_a_frame_is_found_after_any_bytes(pieces: list[bytes]):
    garbage = b"".join(pieces).replace(b"1", b"").replace(b"\n9", b"")
    frames = Frames(1000)
    list(frames.feed(garbage))
    # What a length in the garbage asks for, and what it may take of the first message.
    list(frames.feed(b"}" * 1000 + GOOD))
    assert BODY in [frame for _ in range(3) for frame in frames.feed(GOOD)]
