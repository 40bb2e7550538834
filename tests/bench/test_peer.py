from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from leanwide_bench.replay.buffer import Buffer
from leanwide_bench.replay.measure import Spread
from leanwide_bench.replay.peer import infill_body, replay_peer
from leanwide_bench.replay.rpc import ReplayError
from leanwide_bench.replay.traces import Trace, TraceDocument, keys_of


class LlamaServer(BaseHTTPRequestHandler):
    """Answers ``/infill`` as llama-server does."""

    protocol_version = "HTTP/1.1"
    content = ""
    bodies: list[dict[str, Any]]

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.bodies.append({"path": self.path, **body})
        timings = {"prompt_n": 150, "cache_n": 450, "predicted_n": 5, "prompt_ms": 1.0}
        text = json.dumps({"content": self.content, "tokens_cached": 605, "timings": timings})
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    servers = []

    def start(content=""):
        bodies: list[dict[str, Any]] = []
        handler = type("Handler", (LlamaServer,), {"bodies": bodies, "content": content})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}", bodies

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def trace(*steps, text="x = 1\n"):
    keys = tuple(key for step in steps for key in keys_of(step))
    document = TraceDocument(name="a.py", language="python", text=text)
    return Trace(name="t", title="t", documents=(document,), keys=keys)


def test_the_request_is_llama_vims():
    buffer = Buffer("a.py", "\n".join(f"line {number}" for number in range(400)), "utf-8")
    buffer.go_behind("line 300")
    buffer.insert("\n    ab")
    body = infill_body(buffer, 250)
    before, after = body["input_prefix"].splitlines(), body["input_suffix"].splitlines()
    assert (len(before), before[-1], len(after), after[1]) == (256, "line 300", 65, "line 301")
    assert (body["prompt"], body["n_indent"], body["n_predict"]) == ("    ab", 4, 128)
    assert (body["cache_prompt"], body["t_max_predict_ms"]) == (True, 250)
    assert (body["top_k"], body["top_p"]) == (40, 0.9)
    assert body["samplers"] == ["top_k", "top_p", "infill"]


def test_what_the_server_counts_is_summed_up(serve):
    url, bodies = serve()
    found = replay_peer(url, trace({"type": "ab"}))
    assert (found.keys, found.requests, len(bodies)) == (2, 2, 2)
    assert {body["path"] for body in bodies} == {"/infill"}
    assert found.tokens_evaluated == Spread(count=2, p50=150, p95=150, p99=150, max=150)
    assert found.tokens_reused == Spread(count=2, p50=450, p95=450, p99=450, max=450)
    assert found.tokens_generated == Spread(count=2, p50=5, p95=5, p99=5, max=5)
    assert found.tokens_evaluated_per_key == 150
    assert found.key_to_answer_ms is not None
    assert found.key_to_answer_ms.p50 > 0


def test_typed_through_text_costs_no_request(serve):
    url, bodies = serve("bcd")
    found = replay_peer(f"{url}/infill", trace({"type": "abc"}))
    assert (len(bodies), found.cache_answers) == (1, 2)


def test_much_text_right_of_the_cursor_means_no_request(serve):
    url, bodies = serve()
    found = replay_peer(url, trace({"type": "ab"}, text="123456789"))
    assert (len(bodies), found.skipped_keys, found.key_to_answer_ms) == (0, 2, None)


def test_an_accepted_suggestion_is_inserted(serve):
    url, bodies = serve("bc\n")
    replay_peer(url, trace({"after": "1"}, {"type": "a"}, {"accept": True}))
    assert bodies[-1]["prompt"] == "x = 1abc"
    assert bodies[-1]["t_max_predict_ms"] == 1000


@pytest.mark.parametrize("url", ["127.0.0.1:80", "file:///x", "http://"])
def test_what_is_no_http_address_is_refused(url):
    with pytest.raises(ReplayError, match="is not an http"):
        replay_peer(url, trace({"type": "a"}))


def test_an_unreachable_server_is_one_sentence():
    with pytest.raises(ReplayError, match=r"http://127.0.0.1:1 cannot be reached"):
        replay_peer("http://127.0.0.1:1", trace({"type": "a"}))
