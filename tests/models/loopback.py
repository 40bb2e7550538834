"""A small hub on this machine: serves files as the real one does, and fails on demand."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from attrs import Factory, define

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TIMEOUT_S = 20.0
"""Seconds; no connection waits longer for its client."""


@define
class Hub:
    """The hub's files, its behaviour, and the requests it got."""

    files: dict[str, Path] = Factory(dict)
    """By ``REPO/FILE``."""
    address: str = ""
    status: int = 200
    """Answer to every request, unless it is 200."""
    headers: dict[str, str] = Factory(dict)
    """Sent with such an answer."""
    cuts: int = 0
    """Connections that will break, each after ``cut_after`` bytes of the file."""
    cut_after: int = 0
    corrupt: bool = False
    """Flip a byte in the middle of every file."""
    resumable: bool = True
    """Honour ranges; else always send the whole file."""
    ranges: list[str] = Factory(list)
    """The requested ranges, "" for a whole file."""
    requests: list[str] = Factory(list)
    """The method and path of every request."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = TIMEOUT_S
    hub: Hub

    def do_HEAD(self) -> None:
        file = self._file()
        if file is not None:
            self._announce(200, file.stat().st_size, _digest(file))

    def do_GET(self) -> None:
        file = self._file()
        if file is None:
            return
        data = bytearray(file.read_bytes())
        if self.hub.corrupt:
            data[len(data) // 2] ^= 1
        wanted = self.headers.get("Range", "")
        self.hub.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        partial = start > 0 and self.hub.resumable
        rest = bytes(data[start:] if partial else data)
        self._announce(206 if partial else 200, len(rest), _digest(file))
        if self.hub.cuts:
            self.hub.cuts -= 1
            self.wfile.write(rest[: self.hub.cut_after])
            self.close_connection = True
        else:
            self.wfile.write(rest)

    def _file(self) -> Path | None:
        """Return the file of the path; None once an error was sent instead."""
        self.hub.requests.append(f"{self.command} {self.path}")
        if self.hub.status != 200:
            self._refuse(self.hub.status, self.hub.headers)
            return None
        repo, _, rest = unquote(self.path).lstrip("/").partition("/resolve/")
        file = self.hub.files.get(f"{repo}/{rest.partition('/')[2]}")
        if file is None:
            known = any(name.startswith(f"{repo}/") for name in self.hub.files)
            code = "EntryNotFound" if known else "RepoNotFound"
            self._refuse(404 if known else 401, {"X-Error-Code": code})
        return file

    def _refuse(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def _announce(self, status: int, length: int, digest: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("ETag", f'"{digest}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Ignore clients that go away."""


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve on a free port of this machine until the end of the block."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        hub.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join(TIMEOUT_S)
