"""Messages of a faulty client, from a seed: their bytes, and the ids of the answers they require.

Pure. A message is valid, valid in the wrong place, mutated in one of its values, or damaged in its
bytes or its frame.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any, Final

from attrs import frozen

MARK: Final = "zebrafinch"
"""A word in every text that a document or a question has."""
LINES: Final = (
    "import json",
    "",
    "def load(path):",
    "    with open(path) as file:",
    "        return json.load(file)",
    f"    {MARK} = load(path)",
    f'    """{MARK} é 😀 \u2028"""',
    "class Store:",
    "\tdef get(self, name):",
    "\t\treturn self.settings[name]\r",
    "((((((((((",
    f"# {MARK}",
)
LANGUAGES: Final = ("python", "rust", "javascript", "markdown", "plaintext", "", "klingon")
ODD: Final[tuple[Any, ...]] = (
    *(None, True, -1, 0, 2**31, 2**53, 10**400, 0.5, "", "\0", "\ud800", "x" * 3000),
    *([], {}, [[[]]], {"jsonrpc": "2.0"}, {"jsonrpc": "2.0", "id": 1, "method": "exit"}),
    *("file:///t/a%00b.py", "file://[x", "untitled:", "file:///t/\udfff.py", "file:relative"),
)
REQUESTS: Final = (
    *("textDocument/hover", "textDocument/completion", "workspace/symbol", "$/nothing", ""),
    *("textDocument/didChange", "textDocument/didOpen", "initialized", "exit", "initialize"),
    *("$/cancelRequest", "$/setTrace", "leanwide/status", "no such method", "shutdown\n"),
)
NOTIFICATIONS: Final = (
    *("$/nothing", "textDocument/hover", "textDocument/willSave", "shutdown", "initialize"),
    *("$/progress", "telemetry/event", "", "leanwide.status"),
)
COMMANDS: Final = (
    *("status", "lastRequest", "setMode", "why", "accepted", "stats", "explain", "chat", "chats"),
    *("endChat", "refactor", "document", "fix", "test", "models", "pullModel", "useModel"),
    *("nextEditAccepted", "nextEditRejected", "setNextEdit", "no such command"),
)


@frozen
class Sent:
    """Bytes for the server."""

    data: bytes
    owed: tuple[int | str, ...] = ()
    """The ids of the answers that they require."""


def framed(message: Any) -> bytes:
    """Return a message as a correct client sends it."""
    return _frame(_encoded(message))


def answer_to(random: Random, request: dict[str, Any]) -> bytes:
    """Return a client's answer to a request of the server; sometimes none."""
    results: tuple[Any, ...] = (
        {"applied": True},
        {"success": True},
        None,
        {"applied": "yes"},
        7,
        [],
    )
    known = request["id"]
    error = {"code": -32601, "message": "unknown"}
    return random.choice(
        (
            framed({"jsonrpc": "2.0", "id": known, "result": random.choice(results)}),
            framed({"jsonrpc": "2.0", "id": known, "error": random.choice((error, {}, None, 3))}),
            b"",
        )
    )


class Author:
    """Writes messages. The ids of requests are unique unless a mutation changes them."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._next_id = 0
        self._documents: dict[str, int] = {}
        """Versions by URI."""

    def messages(self, count: int) -> Iterator[Sent]:
        """Yield ``count`` messages."""
        kinds: tuple[tuple[Callable[[], Sent | None], int], ...] = (
            (lambda: self._sent(self._change()), 30),
            (lambda: self._sent(self._completion()), 12),
            (lambda: self._sent(self._next_edit()), 6),
            (lambda: self._sent(self._open_or_close()), 10),
            (lambda: self._sent(self._cancel()), 8),
            (lambda: self._sent(self._command()), 8),
            (lambda: self._sent(self._actions()), 3),
            (lambda: self._sent(self._setting()), 1),
            (lambda: self._sent(self._files()), 2),
            (lambda: self._sent(self._out_of_place()), 8),
            (lambda: self._sent(self._nested()), 2),
            (self._mutated, 16),
            (self._damaged, 4),
            (self._badly_framed, 2),
        )
        makers, weights = zip(*kinds, strict=True)
        written = 0
        while written < count:
            sent = self._random.choices(makers, weights)[0]()
            if sent is not None:
                written += 1
                yield sent

    def request(self, method: str, params: Any) -> dict[str, Any]:
        """Return a request with a new id."""
        self._next_id += 1
        known: int | str = self._next_id if self._random.random() < 0.8 else f"a{self._next_id}"
        return {"jsonrpc": "2.0", "id": known, "method": method, "params": params}

    def _sent(self, message: Any) -> Sent | None:
        body = _encoded(message)
        return None if _ends(body) else Sent(self._varied_frame(body), owed(body))

    # Valid messages.

    def _uri(self) -> str:
        return f"file:///t/{self._random.randrange(6)}.py"

    def _text(self) -> str:
        picked = (self._random.choice(LINES) for _ in range(self._random.randrange(12)))
        return "\n".join((MARK, *picked))

    def _position(self) -> dict[str, int]:
        return {"line": self._random.randrange(14), "character": self._random.randrange(30)}

    def _range(self) -> dict[str, Any]:
        return {"start": self._position(), "end": self._position()}

    def _document(self) -> dict[str, str]:
        return {"uri": self._uri()}

    def _change(self) -> dict[str, Any]:
        uri = self._uri()
        self._documents[uri] = version = self._documents.get(uri, 0) + 1
        changes = [self._one_change() for _ in range(self._random.choice((1, 1, 1, 2, 3, 0)))]
        params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}
        return _notification("textDocument/didChange", params)

    def _one_change(self) -> dict[str, Any]:
        if self._random.random() < 0.2:
            return {"text": self._text()}
        text = self._random.choice(("", "x", "\n", "    ", "(", f" {MARK}", "\r", "😀"))
        return {"range": self._range(), "text": text}

    def _completion(self) -> dict[str, Any]:
        params = {
            "textDocument": self._document(),
            "position": self._position(),
            "context": {"triggerKind": self._random.choice((1, 2))},
        }
        return self.request("textDocument/inlineCompletion", params)

    def _next_edit(self) -> dict[str, Any]:
        """Return a request for the next edit, or what a client tells about one."""
        uri = self._uri()
        command = {"title": "", "command": "leanwide.nextEditAccepted", "arguments": [{"id": "1"}]}
        if self._random.random() < 0.2:
            item = {"command": self._random.choice((command, None, *ODD))}
            return _notification("textDocument/didShowInlineEdit", {"item": item})
        if self._random.random() < 0.2:
            return _notification("textDocument/didFocus", {"textDocument": {"uri": uri}})
        version = self._documents.get(uri, 1) + self._random.choice((0, 0, 0, 1))
        params = {
            "textDocument": {"uri": uri, "version": version},
            "position": self._position(),
            "context": {"triggerKind": self._random.choice((1, 2))},
        }
        methods = ("leanwide/nextEdit", "textDocument/copilotInlineEdit")
        return self.request(self._random.choice(methods), params)

    def _open_or_close(self) -> dict[str, Any]:
        uri = self._uri()
        if self._random.random() < 0.15:
            return _notification("textDocument/didClose", {"textDocument": {"uri": uri}})
        language = self._random.choice(LANGUAGES)
        item = {"uri": uri, "languageId": language, "version": 1, "text": self._text()}
        return _notification("textDocument/didOpen", {"textDocument": item})

    def _cancel(self) -> dict[str, Any]:
        recent = self._next_id - self._random.randrange(4)
        ids: tuple[Any, ...] = (recent, recent, f"a{recent}", 0, "unknown", None, 1.5, {})
        return _notification("$/cancelRequest", {"id": self._random.choice(ids)})

    def _command(self) -> dict[str, Any]:
        about = {
            "uri": self._uri(),
            "range": self._range(),
            "instruction": MARK,
            "message": MARK,
            "name": self._random.choice((MARK, "hf:nobody", f"/{MARK}.gguf", "")),  # of no model
            "lane": self._random.choice((None, "lean", "narrow")),
            "mode": self._random.choice(("auto", "code", "think", "wild")),
            "streamToken": self._random.choice((None, 7, "token", 1.5)),
            "apply": self._random.choice((True, False, 3)),
            "id": self._random.choice(("1", "2", 3)),
            "enabled": self._random.choice((True, True, False, 3)),
        }
        odd = self._random.choice(ODD)
        arguments = self._random.choice(([about], [about], [about], [], [odd], [about, odd], odd))
        command = f"leanwide.{self._random.choice(COMMANDS)}"
        params = {"command": command, "arguments": arguments}
        return self.request("workspace/executeCommand", params)

    def _actions(self) -> dict[str, Any]:
        found = {"range": self._range(), "message": MARK, "data": self._random.choice(ODD)}
        params = {
            "textDocument": self._document(),
            "range": self._range(),
            "context": {"diagnostics": [found]},
        }
        return self.request("textDocument/codeAction", params)

    def _setting(self) -> dict[str, Any]:
        valid: tuple[Any, ...] = (
            {"completion": {"look_ahead": False}},
            {"languages": {"off": ["rust"]}},
            {},
        )
        settings = self._random.choice((*valid, *ODD))
        params = {"settings": self._random.choice((settings, {"leanwide": settings}))}
        return _notification("workspace/didChangeConfiguration", params)

    def _files(self) -> dict[str, Any]:
        uris = (self._uri(), *(odd for odd in ODD if isinstance(odd, str)))
        events = [{"uri": self._random.choice(uris), "type": self._random.choice((1, 2, 3))}]
        folder = {"uri": self._random.choice(uris), "name": ""}
        event = {"added": [folder], "removed": [folder]}
        return self._random.choice(
            (
                _notification("workspace/didChangeWatchedFiles", {"changes": events}),
                _notification("workspace/didChangeWorkspaceFolders", {"event": event}),
                _notification("textDocument/didSave", {"textDocument": {"uri": uris[-1]}}),
            )
        )

    def _out_of_place(self) -> dict[str, Any]:
        params = self._random.choice((*ODD, {"textDocument": self._document()}))
        if self._random.random() < 0.5:
            return _notification(self._random.choice(NOTIFICATIONS), params)
        message = self.request(self._random.choice(REQUESTS), params)
        if self._random.random() < 0.3:
            del message["params"]
        return message

    def _nested(self) -> dict[str, Any]:
        """Return a request whose argument is nested almost as deeply as JSON is read."""
        argument: Any = self._random.choice((MARK, *ODD))
        for _ in range(self._random.choice((100, 400, 600, 800))):
            argument = [argument]
        command = f"leanwide.{self._random.choice(COMMANDS)}"
        params = {"command": command, "arguments": argument}
        return self.request("workspace/executeCommand", params)

    # Broken ones.

    def _any(self) -> dict[str, Any]:
        makers = (
            *(self._completion, self._command, self._actions, self._change, self._out_of_place),
            self._next_edit,
        )
        return self._random.choice(makers)()

    def _mutated(self) -> Sent | None:
        """Return a message with one value, or the whole, replaced or missing."""
        message: Any = deepcopy(self._any())
        if self._random.random() < 0.05:
            return self._sent(self._random.choice((*ODD, [message], [])))
        places = list(_places(message))
        holder, key = self._random.choice(places)
        if self._random.random() < 0.3:
            del holder[key]
        else:
            holder[key] = deepcopy(self._random.choice(ODD))
        return self._sent(message)

    def _damaged(self) -> Sent | None:
        """Return a message with damaged bytes in a correct frame."""
        body = bytearray(_encoded(self._any()))
        match self._random.randrange(5):
            case 0:
                del body[self._random.randrange(len(body)) :]
            case 1:
                body[self._random.randrange(len(body))] = self._random.randrange(256)
            case 2:
                body[:] = b"[" * 20_000
            case 3:
                body += self._random.randbytes(5)
            case _:
                body[:] = body.replace(b"1", self._random.choice((b"NaN", b"1e999", b"9" * 5000)))
        return None if _ends(bytes(body)) else Sent(_frame(bytes(body)), owed(bytes(body)))

    def _badly_framed(self) -> Sent:
        """Return bytes that are no frame; the server has to find the next frame behind them."""
        body = _encoded(_notification("$/nothing", {"text": MARK}))
        lengths = (b"1000000000000", b"9" * 25, b"9" * 5000, b"-3", b"", b"0x10", b"1 2", b"\xff")
        headers = b"Content-Length: " + self._random.choice(lengths)
        return Sent(
            self._random.choice(
                (
                    headers + b"\r\n\r\n" + body,
                    b"Content-Type: nothing\r\n\r\n" + body,
                    b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n" + body,
                    b"X: " + b"y" * 20_000,
                    _frame(body)[:-1].replace(b"Content-Length: ", b"Content-Length:  "),
                    b"\r\n\n\r\n",
                    _frame(body, b"Content-Type: x; charset=utf-16\r\n"),
                    b"Content-Length: %d\r\n\r\n" % (len(body) - 9) + body,
                )
            )
            + _frame(body)  # a wrong length may swallow it
            + _frame(body)
        )

    def _varied_frame(self, body: bytes) -> bytes:
        if self._random.random() < 0.8:
            return _frame(body)
        name = self._random.choice((b"content-length", b"CONTENT-LENGTH", b"Content-Length"))
        blank = self._random.choice((b"", b" ", b"\t  "))
        end = self._random.choice((b"\r\n", b"\n"))
        more = self._random.choice((b"", b"X-Other: 1" + end, b"content-type: a; charset=utf8\n"))
        return name + b":" + blank + b"%d" % len(body) + end + more + end + body


def owed(body: bytes) -> tuple[int | str, ...]:
    """Return the id of the answer that a body requires; none for a notification or an answer."""
    try:
        message = json.loads(body.decode(), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(message, dict):
        return ()
    known = message.get("id")
    if isinstance(known, bool) or not isinstance(known, int | str):
        return ()
    answers = "method" not in message and ("result" in message or "error" in message)
    return () if answers and message.get("jsonrpc") == "2.0" else (known,)


def _refuse(text: str) -> None:
    raise ValueError(text)


def _finite(text: str) -> float:
    if (number := float(text)) in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number


def _ends(body: bytes) -> bool:
    """Whether a message would end the session."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if not isinstance(message, dict):
        return False
    method = message.get("method")
    request = "id" in message
    return (method == "shutdown" and request) or (method == "exit" and not request)


def _encoded(message: Any) -> bytes:
    return json.dumps(message).encode()


def _frame(body: bytes, headers: bytes = b"") -> bytes:
    return b"Content-Length: %d\r\n%b\r\n%b" % (len(body), headers, body)


def _notification(method: str, params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place of a value in a message, as container and key."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])
