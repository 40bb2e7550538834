"""A language server with a fixed suggestion and a chosen misbehaviour, which keeps a log.

Usage: stub_server.py LOG BEHAVIOUR SUGGESTION; BEHAVIOUR is "good", "silent", "twice" or "slow".
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

LOG, BEHAVIOUR, SUGGESTION = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
RECORD = {
    "source": "model",
    "tokensEvaluated": 2,
    "tokensReused": 100,
    "tokensGenerated": 4,
    "ms": {"queue": 0.0, "prompt": 1.0, "decode": 4.0, "other": 2.0, "total": 7.0},
}
STATUS = {"state": "idle", "reason": "", "model": {"name": "stub", "path": ""}, "lanes": []}


class Stub:
    def __init__(self):
        self.encoding = "utf-16"
        self.held = []
        self.records = []

    def run(self):
        while (header := sys.stdin.buffer.readline()).startswith(b"Content-Length"):
            sys.stdin.buffer.readline()
            message = json.loads(sys.stdin.buffer.read(int(header.split()[1])))
            self.log(message)
            if message["method"] == "exit":
                return
            if "id" in message:
                self.answer(message["id"], message["method"], message["params"])
            elif message["method"] == "$/cancelRequest" and BEHAVIOUR == "slow":
                self.held.remove(message["params"]["id"])
                self.send(message["params"]["id"], error={"code": -32800, "message": "cancelled"})

    def answer(self, number, method, params):
        if method == "initialize":
            self.encoding = params["capabilities"]["general"]["positionEncodings"][0]
            self.send(number, {"capabilities": {"positionEncoding": self.encoding}})
        elif method == "workspace/executeCommand":
            command = params["command"]
            last = self.records[-50:] if command == "leanwide.lastRequest" else None
            self.send(number, STATUS if command == "leanwide.status" else last)
        elif method == "shutdown":
            self.send(number, None)
        elif BEHAVIOUR == "slow":
            self.held.append(number)
        elif BEHAVIOUR != "silent":
            self.complete(number, params["position"])

    def complete(self, number, position):
        self.records.append({**RECORD, "prompt": str(number)})
        command = {"title": "", "command": "leanwide.accepted", "arguments": []}
        item = {
            "insertText": SUGGESTION,
            "range": {"start": position, "end": position},
            "command": command,
        }
        for _ in range(2 if BEHAVIOUR == "twice" else 1):
            self.send(number, {"items": [item] if SUGGESTION else []})

    def send(self, number, result=None, error=None):
        answer = {"error": error} if error else {"result": result}
        body = json.dumps({"jsonrpc": "2.0", "id": number, **answer}).encode()
        sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        sys.stdout.buffer.flush()

    def log(self, message):
        with LOG.open("a") as file:
            file.write(json.dumps({"at": time.monotonic(), **message}) + "\n")


Stub().run()
