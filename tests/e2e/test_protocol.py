"""Messages that no editor should send, to the real server: each is answered as LSP says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.wire import URI, wire

TEXT = "import json\n\n\ndef load(path):\n    return json.load(path)\n"
START = {"line": 3, "character": 0}
RANGE = {"start": START, "end": START}


def command(name: str, *arguments: Any) -> dict[str, Any]:
    return {"command": name, "arguments": list(arguments)}


def explain(known: int | str) -> dict[str, Any]:
    """Return a request under an id, for an explanation of the text."""
    explained = command("leanwide.explain", {"uri": URI, "range": RANGE})
    return {
        "jsonrpc": "2.0",
        "id": known,
        "method": "workspace/executeCommand",
        "params": explained,
    }


async def test_frames_that_cannot_be_read_are_refused_and_the_server_lives():
    body = b'{"jsonrpc": "2.0", "method": "$/nothing"}'
    async with wire() as client:
        await client.initialize()
        for length in (b"1" + b"0" * 12, b"9" * 25, b"9" * 5000, b"-1", b"", b"1, 2", b"67108865"):
            client.send(b"Content-Length: " + length + b"\r\n\r\n" + body)
            refusal = await client.answer(None)
            assert refusal["error"]["code"] in (-32600, -32700)
            assert await client.lives()
        client.send(b"X: y\r\n" * 10_000)
        assert (await client.answer(None))["error"]["code"] == -32700
        client.send(b"content-length:%d\n\n%b" % (len(body), body))
        assert await client.lives()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"\xff", -32700),
        (b"[" * 100_000, -32700),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "shutdown", "params": NaN}', -32700),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}]', -32600),
        (b"null", -32600),
        (b'"text"', -32600),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "shutdown"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "shutdown"}', -32600),
        (b'{"jsonrpc": "2.0", "id": true, "method": "shutdown"}', -32600),
    ],
)
async def test_a_message_that_cannot_be_read_is_refused_without_an_id(body: bytes, code: int):
    async with wire() as client:
        client.post(body)
        refusal = await client.answer(None)
        assert refusal["error"]["code"] == code
        await client.initialize()
        assert await client.lives()


async def test_parameters_that_look_like_a_message_are_plain_values():
    strange = {"a": {"jsonrpc": "2.0"}, "b": [{"jsonrpc": "2.0", "id": 1, "method": "exit"}]}
    async with wire() as client:
        answer = await client.initialize(initializationOptions=strange)
        assert "capabilities" in answer["result"]
        client.tell("workspace/didChangeConfiguration", {"settings": {"leanwide": strange}})
        answer = await client.ask(
            "workspace/executeCommand", params=command("leanwide.lastRequest", strange)
        )
        assert answer["result"] == []
        client.open(TEXT)
        found = {"range": RANGE, "message": "m", "data": strange}
        about = {"textDocument": {"uri": URI}, "range": RANGE, "context": {"diagnostics": [found]}}
        actions = (await client.ask("textDocument/codeAction", params=about))["result"]
        assert strange in [
            one["data"] for action in actions for one in action.get("diagnostics") or ()
        ] or any("jsonrpc" in json.dumps(action) for action in actions)


async def test_requests_out_of_turn_are_refused():
    async with wire() as client:
        assert await client.code("textDocument/hover", params={}) == -32002
        assert await client.code("no such method") == -32002
        assert await client.code("shutdown") == -32002
        client.open(TEXT)
        await client.initialize()
        assert await client.code("initialize", params={"capabilities": {}}) == -32600
        for method in ("textDocument/didChange", "exit", "$/cancelRequest", "initialized"):
            assert await client.code(method, params={}) == -32601
        for method in ("no such method", "$/nothing", "", "textDocument/hover"):
            assert await client.code(method) == -32601
        client.tell("$/nothing", {})
        client.tell("no such method", {})
        client.tell("shutdown")
        assert await client.lives()
        assert (await client.ask("shutdown"))["result"] is None
        assert await client.code("textDocument/inlineCompletion", params={}) == -32600
        assert await client.code("shutdown") == -32600
        client.tell("exit")
        assert await client.ended() == 0


async def test_a_shutdown_waits_for_no_answer_of_the_client(tmp_path: Path):
    watches = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
    async with wire() as client:
        await client.initialize(capabilities=watches, rootUri=tmp_path.as_uri())
        while (await client.next()).get("method") != "client/registerCapability":
            pass
        assert (await client.ask("shutdown"))["result"] is None


async def test_exit_without_shutdown_is_a_failure():
    async with wire() as client:
        client.tell("exit")
        assert await client.ended() == 1
    async with wire() as client:
        await client.initialize()
        client.tell("exit")
        assert await client.ended() == 1


async def test_an_initialize_that_fails_can_be_sent_again():
    async with wire() as client:
        assert await client.code("initialize", params={"capabilities": 7}) == -32602
        assert await client.code("initialize") == -32602
        answer = await client.initialize()
        assert "capabilities" in answer["result"]


@pytest.mark.parametrize("uri", ["file:///t/%00", "file://[x", "file://", "", "file:relative"])
async def test_an_unusable_folder_is_ignored(uri: str):
    async with wire() as client:
        folders = [{"uri": uri, "name": ""}]
        answer = await client.initialize(rootUri=uri, rootPath="\0", workspaceFolders=folders)
        assert "capabilities" in answer["result"]
        client.open(TEXT)
        assert await client.lives()


async def test_messages_after_initialize_wait_for_it():
    async with wire() as client:
        params: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
        client.post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
        client.tell("initialized", {})
        client.open(TEXT)
        assert await client.lives()
        explained = command("leanwide.explain", {"uri": URI, "range": RANGE})
        answer = await client.ask("workspace/executeCommand", params=explained)
        assert "markdown" in answer["result"]


BAD_URIS = (
    "file:///t/a%00b.py",
    "file:///t/\x00.py",
    "file://[x/a.py",
    "",
    "file:relative",
    "file://",
    "file:///" + "a" * 100_000,
)
ODD_URIS = ("file:///t/\ud800.py", "untitled:1", "http://a/b", "FILE:///a", "//", "\u2028")


async def test_an_unusable_uri_is_refused_in_words():
    names = ("test", "explain", "refactor", "document", "fix", "chat")
    async with wire() as client:
        await client.initialize()
        for uri in BAD_URIS:
            client.open(TEXT, uri)
            client.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
            client.tell("textDocument/didSave", {"textDocument": {"uri": uri}})
            client.open(TEXT, uri)
            about = {"uri": uri, "range": RANGE, "instruction": "x", "message": "x"}
            for name in names:
                params = command(f"leanwide.{name}", about)
                answer = await client.ask("workspace/executeCommand", params=params)
                assert answer["error"]["code"] == -32602
                assert "URI" in answer["error"]["message"]
            at = {"textDocument": {"uri": uri}, "position": START, "context": {"triggerKind": 1}}
            assert await client.code("textDocument/inlineCompletion", params=at) == -32602
        assert await client.lives()


async def test_unusual_uris_of_documents_and_files_do_no_harm():
    async with wire() as client:
        await client.initialize()
        for uri in ODD_URIS:
            about = {"uri": uri, "range": RANGE, "instruction": "x", "message": "x"}
            unopened = command("leanwide.test", about)
            assert await client.code("workspace/executeCommand", params=unopened) == -32602
            client.open(TEXT, uri)
            for name in ("explain", "test", "document", "chat"):
                params = command(f"leanwide.{name}", about)
                answer = await client.ask("workspace/executeCommand", params=params)
                assert "error" not in answer or answer["error"]["code"] != -32603
        for uri in (*BAD_URIS, *ODD_URIS):
            for kind in (1, 2, 3):
                changes = [{"uri": uri, "type": kind}]
                client.tell("workspace/didChangeWatchedFiles", {"changes": changes})
            event = {"added": [{"uri": uri, "name": ""}], "removed": []}
            client.tell("workspace/didChangeWorkspaceFolders", {"event": event})
        assert await client.lives()
        client.tell("exit")
        assert "Traceback" not in await client.log()


async def test_handled_messages_leave_nothing_in_memory():
    async with wire() as client:
        await client.initialize()
        client.open(TEXT)
        before = (await client.lives())["pending"]
        for version in range(1000):
            change = {"range": RANGE, "text": "x"}
            document = {"uri": URI, "version": 2 + version}
            params = {"textDocument": document, "contentChanges": [change]}
            client.tell("textDocument/didChange", params)
            client.tell("$/cancelRequest", {"id": version})
        for number in range(50):
            await client.ask("no such method", params={"number": number})
        after = (await client.lives())["pending"]
        assert before["requests"] == after["requests"] == 1
        assert after["tasks"] <= before["tasks"]


async def test_a_cancelled_request_is_answered_once_and_any_other_cancel_is_ignored():
    async with wire() as client:
        await client.initialize()
        client.open(TEXT)
        for known in ("nobody", 1, None, 1.5, dict[str, Any](), list[Any](), True):
            client.tell("$/cancelRequest", {"id": known})
        client.tell("$/cancelRequest", None)
        for known in (1, "1"):
            client.post(explain(known))
        for _ in range(3):
            client.tell("$/cancelRequest", {"id": 1})
            client.tell("$/cancelRequest", {"id": "1"})
        codes: dict[Any, Any] = {}
        while len(codes) < 2:
            message = await client.next()
            if message.get("id") in (1, "1"):
                codes[message["id"]] = message.get("error", {}).get("code", 0)
        assert set(codes.values()) <= {0, -32800, -32802}
        client.tell("$/cancelRequest", {"id": 1})
        assert await client.lives()


async def test_only_a_request_with_the_same_id_is_cancelled():
    async with wire() as client:
        await client.initialize()
        client.open(TEXT)
        client.post(explain(1))
        for known in ("1", True, 1.0, [1]):
            client.tell("$/cancelRequest", {"id": known})
        assert "result" in await client.answer(1)


async def test_two_requests_under_one_id_are_both_answered():
    async with wire() as client:
        await client.initialize()
        client.open(TEXT)
        for _ in range(2):
            client.post(explain(5))
        answers = [await client.answer(5) for _ in range(2)]
        assert sorted("error" in one for one in answers) == [False, True]
        (refusal,) = (one["error"]["code"] for one in answers if "error" in one)
        assert refusal == -32600
