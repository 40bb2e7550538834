"""Replays a trace against a llama-server's ``/infill`` with the requests of llama.vim.

Like llama.vim: 256 lines before and 64 after, the cursor's line up to the cursor as the prompt, no
request with more than 8 characters right of the cursor, and a suggestion that is typed through
comes from the client's cache. Left out is what would only cost the server more: chunks of other
files, and the speculative request for what follows a suggestion. Each key waits for its answer.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import define, frozen

from leanwide_bench.replay.buffer import Buffer, Ghost
from leanwide_bench.replay.measure import Spread, spread
from leanwide_bench.replay.rpc import ReplayError
from leanwide_bench.replay.traces import Accept, Backspace, Insert, Key, Move, SwitchDocument, Trace

_LINES_BEFORE: Final = 256
_LINES_AFTER: Final = 64
_MAX_TEXT_RIGHT: Final = 8
"""Characters right of the cursor beyond which llama.vim sends no automatic request."""
_FIRST_PREDICT_MS: Final = 250
"""Time limit of the generation for a request at a key."""
_PREDICT_MS: Final = 1000
"""The same after a suggestion was accepted."""
_TIMEOUT_S: Final = 300.0


@frozen(kw_only=True)
class PeerSummary:
    """The figures of a trace. A spread of nothing is None."""

    keys: int
    requests: int
    cache_answers: int
    """Keys without a request because they matched the ghost text."""
    skipped_keys: int
    """Keys without a request because of too much text right of the cursor."""
    key_to_answer_ms: Spread | None
    """Of requests."""
    tokens_evaluated: Spread | None
    """Per request."""
    tokens_reused: Spread | None
    tokens_generated: Spread | None
    tokens_evaluated_per_key: float | None


@frozen(kw_only=True)
class _Answer:
    content: str
    ms: float
    evaluated: int
    reused: int | None
    generated: int


@define
class _Tally:
    keys: int = 0
    typed_through: int = 0
    skipped: int = 0


class LlamaServer:
    """A connection to ``/infill``."""

    def __init__(self, url: str) -> None:
        """Prepare a connection to ``url``, which may end with ``/infill``.

        Raises:
            ReplayError: The URL is not an http or https address.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ReplayError(f"--peer {url!r} is not an http:// or https:// address")
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._http = kind(parts.hostname, parts.port, timeout=_TIMEOUT_S)
        path = parts.path.rstrip("/")
        self._path = path if path.endswith("/infill") else f"{path}/infill"
        self._url = url

    def infill(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send a request and return its answer.

        Raises:
            ReplayError: The server cannot be reached or refuses.
        """
        # llama.vim starts a curl for each request; a kept connection can also stall for 40 ms
        # because of TCP's delayed acknowledgement.
        headers = {"Content-Type": "application/json", "Connection": "close"}
        try:
            self._http.request("POST", self._path, json.dumps(body), headers)
            response = self._http.getresponse()
            text = response.read()
            self._http.close()
            if response.status != http.client.OK:
                raise ReplayError(f"{self._url} answers {response.status} {response.reason}")
            answer = json.loads(text)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ReplayError(f"{self._url} cannot be reached: {error}") from error
        if not isinstance(answer, dict) or "timings" not in answer:
            raise ReplayError(f"{self._url} does not answer as a llama-server does")
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


def replay_peer(url: str, trace: Trace) -> PeerSummary:
    """Play a trace against the llama-server at ``url``.

    Raises:
        ReplayError: The server cannot be reached or refuses.
    """
    server = LlamaServer(url)
    player = _Player(server, trace)
    try:
        for key in trace.keys:
            player.press(key)
    finally:
        server.close()
    return _summary(player.tally, player.answers)


class _Player:
    """A user of llama.vim."""

    def __init__(self, server: LlamaServer, trace: Trace) -> None:
        self._server = server
        self._buffers = {
            document.name: Buffer(document.name, document.text, "utf-8")
            for document in trace.documents
        }
        self._front = self._buffers[trace.documents[0].name]
        self.tally = _Tally()
        self.answers: list[_Answer] = []

    def press(self, key: Key) -> None:
        match key:
            case SwitchDocument(document):
                self._front.ghost = None
                self._front = self._buffers[document]
            case Move(after):
                self._front.go_behind(after)
            case Insert(text):
                self._front.insert(text)
                self._after_key(_FIRST_PREDICT_MS)
            case Backspace():
                self._front.backspace()
                self._front.ghost = None
                self._after_key(_FIRST_PREDICT_MS)
            case Accept() if self._front.ghost is not None:
                self._front.accept()
                self._after_key(_PREDICT_MS)

    def _after_key(self, predict_ms: int) -> None:
        self.tally.keys += 1
        if self._front.ghost is not None:
            self.tally.typed_through += 1
        elif len(self._front.after) > _MAX_TEXT_RIGHT:
            self.tally.skipped += 1
        else:
            self._ask(predict_ms)

    def _ask(self, predict_ms: int) -> None:
        began = time.perf_counter()
        answer = self._server.infill(infill_body(self._front, predict_ms))
        ms = 1000 * (time.perf_counter() - began)
        timings = answer["timings"]
        self.answers.append(
            _Answer(
                content=answer.get("content", ""),
                ms=ms,
                evaluated=timings["prompt_n"],
                reused=timings.get("cache_n"),
                generated=timings.get("predicted_n", 0),
            )
        )
        text = self.answers[-1].content.rstrip("\n")
        if text.strip():
            self._front.offer(Ghost(self._front.cursor, text, None))


def infill_body(buffer: Buffer, predict_ms: int) -> dict[str, Any]:
    """Return the body of the request at the buffer's cursor."""
    line, _ = buffer.cursor
    before = buffer.lines[max(0, line - _LINES_BEFORE) : line]
    after = [buffer.after, *buffer.lines[line + 1 : line + 1 + _LINES_AFTER]]
    return {
        "id_slot": 0,
        "input_prefix": "".join(f"{text}\n" for text in before),
        "input_suffix": "".join(f"{text}\n" for text in after),
        "input_extra": [],
        "prompt": buffer.before,
        "n_predict": 128,
        "stop": [],
        "n_indent": len(buffer.before) - len(buffer.before.lstrip()),
        "top_k": 40,
        "top_p": 0.9,
        "samplers": ["top_k", "top_p", "infill"],
        "stream": False,
        "cache_prompt": True,
        "t_max_prompt_ms": 500,
        "t_max_predict_ms": predict_ms,
    }


def _summary(tally: _Tally, answers: Sequence[_Answer]) -> PeerSummary:
    evaluated = [answer.evaluated for answer in answers]
    return PeerSummary(
        keys=tally.keys,
        requests=len(answers),
        cache_answers=tally.typed_through,
        skipped_keys=tally.skipped,
        key_to_answer_ms=spread(answer.ms for answer in answers),
        tokens_evaluated=spread(evaluated),
        tokens_reused=spread(answer.reused for answer in answers if answer.reused is not None),
        tokens_generated=spread(answer.generated for answer in answers),
        tokens_evaluated_per_key=round(sum(evaluated) / tally.keys, 3) if tally.keys else None,
    )
