"""Tries an installed leanwide as a stranger would, with nothing but Python's standard library.

    smoke.py PROGRAM VERSION

PROGRAM is the installed ``leanwide``. It is started in an empty folder, with an empty home folder:
its version, a completion, an explanation, ``doctor`` and its report, and one session of an editor.
Exit code 1: something is wrong, which is printed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

SOURCE = "def area(width, height):\n    return width * \n"
CURSOR = {"line": 1, "character": 19}
TRIES = 40
"""The first requests may be answered before the model is loaded."""


class WrongAnswerError(Exception):
    """An installed leanwide does not do what it should."""


def main(program: str, version: str) -> int:
    """Try ``program``; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        file = home / "area.py"
        file.write_text(SOURCE, "utf-8")
        try:
            try_shell(program, version, file)
            try_session(program, version, file)
        except WrongAnswerError as wrong:
            print(f"  {wrong}", file=sys.stderr)
            return 1
    return 0


def try_shell(program: str, version: str, file: Path) -> None:
    """Run the commands that a newcomer runs first.

    Raises:
        WrongAnswerError: One of them failed, or said nothing of what was asked.
    """
    expect("--version", f"leanwide {version}\n", run(program, file.parent, "--version"))
    doctor = json.loads(run(program, file.parent, "doctor", "--json"))
    if doctor["problems"] or not doctor["model"]["embedded"]:
        raise WrongAnswerError(f"doctor finds {doctor['problems']} with {doctor['model']}")
    print("  doctor: no problem")
    completion = json.loads(run(program, file.parent, "complete", f"{file}:2:20", "--json"))
    if not completion["text"]:
        raise WrongAnswerError("complete: no text")
    print(f"  complete: {completion['text']!r}")
    explanation = run(program, file.parent, "explain", f"{file}:1-2")
    if not explanation.strip():
        raise WrongAnswerError("explain: no text")
    print(f"  explain: {len(explanation)} characters")
    report = run(program, file.parent, "doctor", "--report")
    expect("doctor --report", f"leanwide {version}", report)
    if str(file.parent) in report:
        raise WrongAnswerError(f"doctor --report names the home folder: {report}")


def expect(what: str, wanted: str, found: str) -> None:
    """Raise unless a text contains what is wanted of it."""
    if wanted not in found:
        raise WrongAnswerError(f"{what} does not say {wanted!r}, but {found!r}")
    print(f"  {what}: {wanted.strip()}")


def run(program: str, home: Path, *arguments: str) -> str:
    """Return what a command prints on stdout.

    Raises:
        WrongAnswerError: It failed; the message has what it printed on stderr.
    """
    done = subprocess.run(
        [program, *arguments],
        cwd=home,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr or done.stdout
        raise WrongAnswerError(f"{' '.join(arguments)}: exit code {done.returncode}: {said}")
    return done.stdout


def environment(home: Path) -> dict[str, str]:
    """Return an environment in which all that a user owns is in ``home``."""
    hidden = ("PYTHON", "XDG_", "LEANWIDE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return {**kept, "HOME": str(home)}


def try_session(program: str, version: str, file: Path) -> None:
    """Open a file as an editor does, ask for suggestions until there is one, and leave.

    Raises:
        WrongAnswerError: There is none, or the server is another one.
    """
    with server(program, file.parent) as editor:
        started = editor.request("initialize", {"processId": os.getpid(), "capabilities": {}})
        expect("serve", version, started["serverInfo"]["version"])
        editor.notify("initialized", {})
        uri = file.as_uri()
        document = {"uri": uri, "languageId": "python", "version": 1, "text": SOURCE}
        editor.notify("textDocument/didOpen", {"textDocument": document})
        question = {
            "textDocument": {"uri": uri},
            "position": CURSOR,
            "context": {"triggerKind": 1},
        }
        for _ in range(TRIES):
            answer = editor.request("textDocument/inlineCompletion", question)
            items = answer["items"] if isinstance(answer, dict) else answer
            if items:
                print(f"  inline completion: {items[0]['insertText']!r}")
                break
            time.sleep(0.5)
        else:
            raise WrongAnswerError("the session has no suggestion")
        editor.request("shutdown", None)
        editor.notify("exit", None)


class Editor:
    """The client's side of a session: one request at a time."""

    def __init__(self, sent: IO[bytes], received: IO[bytes]) -> None:
        self._sent = sent
        self._received = received
        self._last = 0

    def request(self, method: str, params: Any) -> Any:
        """Send a request and return its result; what the server asks meanwhile gets null.

        Raises:
            WrongAnswerError: It was answered with an error, or the server ended.
        """
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})
        while True:
            message = self._receive()
            if "method" in message:
                if "id" in message:
                    self._send({"id": message["id"], "result": None})
            elif message["id"] == self._last:
                if "error" in message:
                    raise WrongAnswerError(f"{method}: {message['error']}")
                return message["result"]

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._sent.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._sent.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        while (line := self._received.readline()) != b"\r\n":
            if not line:
                raise WrongAnswerError("the server ended")
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(self._received.read(length))
        return message


@contextmanager
def server(program: str, home: Path) -> Iterator[Editor]:
    """Start ``leanwide serve``; it must end by itself, with exit code 0."""
    process = subprocess.Popen(
        [program, "serve"],
        cwd=home,
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    if process.stdin is None or process.stdout is None:
        raise AssertionError
    try:
        yield Editor(process.stdin, process.stdout)
        code = process.wait(timeout=60)
    finally:
        process.kill()
        process.wait()
    if code != 0:
        raise WrongAnswerError(f"the server ended with exit code {code}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
