"""Whatever comes, a connection gets one answer to each request, or ends; and nothing fails."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from copy import deepcopy
from random import Random
from typing import Any, Final

import pytest

from leanwide.engine.requests import Piece
from tests.endpoint.served import TOKEN, Served, events, served
from tests.features.editor import SteppedEngine
from tests.fuzz.messages import MARK, ODD

REQUESTS: Final = 1_500
AT_ONCE: Final = 16
CODE: Final = f"def load(path):\n    {MARK} = open(path)\n    "
BODIES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    (
        "/infill",
        {
            "input_prefix": CODE,
            "input_suffix": "\n\nload('a')\n",
            "input_extra": [{"filename": "a.py", "text": CODE, "time": [1, 2]}],
            "prompt": "return ",
            "n_predict": 8,
            "stop": ["\n\n"],
            "stream": False,
            "t_max_predict_ms": 500,
            "response_fields": ["content", "timings/prompt_n"],
            "filename": "store.py",
        },
    ),
    (
        "/v1/completions",
        {
            "model": "any",
            "prompt": f"<|fim_prefix|>{CODE}<|fim_suffix|>\n<|fim_middle|>",
            "max_tokens": 8,
            "stop": ["<|endoftext|>"],
            "stream": True,
            "stream_options": {"include_usage": True},
        },
    ),
    ("/v1/completions", {"prompt": CODE, "suffix": "\n", "temperature": 0.5, "seed": 1, "n": 1}),
    ("/v1/completions", {"prompt": CODE, "top_p": 0.5, "stream": True}),
    (
        "/v1/chat/completions",
        {
            "messages": [
                {"role": "system", "content": "Be short."},
                {"role": "user", "content": [{"type": "text", "text": MARK}]},
            ],
            "max_completion_tokens": 8,
            "stream": True,
        },
    ),
)
HEADERS: Final = (
    *("Origin: https://a", "Host: evil.example", "Host: localhost", "Expect: 100-continue"),
    *("Transfer-Encoding: chunked", "Content-Length: 5", "Connection: close", "Upgrade: h2c"),
    *("Authorization: Bearer x", "A: \x01", "Cookie: é", ": x", "no colon", " folded"),
)
WAITS: Final[dict[str, Any]] = {"head_s": 0.2, "body_s": 0.2, "idle_s": 0.2, "linger_s": 0.1}
STATUSES: Final = {200, 400, 401, 403, 404, 405, 413, 431, 501}


class TalkingEngine(SteppedEngine):
    """An engine with something to say to everybody."""

    async def generate(self, request, cancel, watch=lambda _: None):
        self.enqueue(["return", f" {MARK}", Piece("<|im_end|>", special=True), "\n"])
        async for event in super().generate(request, cancel, watch):
            yield event


class HttpAuthor:
    """Writes the requests of a faulty client, from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def request(self) -> bytes:
        """Return a request that is valid, mutated in a value or a header, or damaged."""
        path, body = deepcopy(self._random.choice(BODIES))
        kind = self._random.randrange(5)
        if kind == 1:
            self._mutate(body)
        data = json.dumps(body).encode()
        method, lines = "POST", [f"Host: localhost\r\nAuthorization: Bearer {TOKEN}"]
        if kind == 2:
            method = self._random.choice(("GET", "PUT", "OPTIONS", "post", "POST /"))
            path = self._random.choice(("/health", "/v1/models", "/", "*", "/infill?x=%00", path))
        if kind == 3:
            lines[self._random.randrange(2) :] = self._random.choices(HEADERS, k=2)
        lines += [f"Content-Length: {len(data)}", "Connection: close"]
        head = f"{method} {path} HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n"
        whole = head.encode() + data
        return self._damaged(whole) if kind == 4 else whole

    def _mutate(self, value: Any) -> None:
        """Replace one value somewhere inside."""
        keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = self._random.choice(keys)
        if isinstance(value[key], dict | list) and self._random.random() < 0.5:
            self._mutate(value[key])
        else:
            value[key] = deepcopy(self._random.choice(ODD))

    def _damaged(self, data: bytes) -> bytes:
        at = self._random.randrange(len(data))
        new = self._random.choice((b"", b"\0", b"\r\n", b"\xff", b"GET ", b" ", b"9"))
        return data[:at] + new + data[at + self._random.randrange(12) :]


async def _ask(at: Served, author: HttpAuthor, seen: Counter[int]) -> None:
    for _ in range(REQUESTS // AT_ONCE):
        answer = await at.raw(author.request())
        while answer.startswith(b"HTTP/1.1 100 "):
            answer = answer.partition(b"\r\n\r\n")[2]
        head, _, rest = answer.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1]) if head else 0
        seen[status] += 1
        if status not in (0, 200):
            assert json.loads(rest)["error"]["message"]
            assert MARK.encode() not in rest
        elif b"event-stream" in head:
            assert rest.rstrip().endswith(b"0")  # the last chunk


@pytest.mark.parametrize("seed", [0])
async def test_every_generated_request_is_answered_or_its_connection_ends(seed: int, caplog):
    seen: Counter[int] = Counter()
    async with served(engine=TalkingEngine(), **WAITS) as at:
        with caplog.at_level(logging.WARNING, "leanwide"):
            authors = [HttpAuthor(seed + number) for number in range(AT_ONCE)]
            await asyncio.gather(*(_ask(at, author, seen) for author in authors))
        assert set(seen) - {0} <= STATUSES
        assert {200, 400, 401, 403, 404, 405} <= set(seen)
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert MARK not in caplog.text
        body = {"prompt": "a", "stream": True}
        assert events((await at.client.post("/v1/completions", json=body)).text)
