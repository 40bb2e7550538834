"""Explain over LSP with the embedded model: it is weak, so that its words are never asserted."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.e2e.session import END, SOURCE, Session, session, unstructured

WAIT = 60.0
STATS = {
    "mode",
    "lane",
    "experts",
    "tokensEvaluated",
    "tokensReused",
    "tokensGenerated",
    "tokensDrafted",
    "tokensAccepted",
    "ms",
}
SHORT = {"modes": {"think": {"output_tokens": 32}}}
METHOD = types.Range(types.Position(22, 0), types.Position(24, 0))
CURSOR = types.Range(types.Position(5, 8), types.Position(5, 8))
ENDLESS = {"modes": {"think": {"output_tokens": 900}}}


def start(
    editor: Session, uri: str, span: types.Range = METHOD, msg_id: str | None = None, **more: Any
) -> asyncio.Future[Any]:
    """Send the command and do not wait."""
    argument = {"uri": uri, "range": unstructured(span), **more}
    params = types.ExecuteCommandParams("leanwide.explain", [argument])
    return asyncio.wrap_future(
        editor.client.protocol.send_request(types.WORKSPACE_EXECUTE_COMMAND, params, msg_id=msg_id)
    )


async def explain(editor: Session, uri: str, span: types.Range = METHOD, **more: Any) -> Any:
    return await asyncio.wait_for(start(editor, uri, span, **more), WAIT)


def streamed(editor: Session, token: str) -> str:
    """The text that came on a token so far."""
    return "".join(part["text"] for part in editor.parts.get(token, []))


async def until_streaming(editor: Session, token: str) -> None:
    async with asyncio.timeout(WAIT):
        while not streamed(editor, token):
            await asyncio.sleep(0.01)


@asynccontextmanager
async def explaining(options: dict[str, Any] | None = None) -> AsyncIterator[tuple[Session, str]]:
    """A session with a document, whose streamed text is collected by token."""
    async with session(options) as editor:
        yield editor, editor.open()


async def test_a_selection_is_explained_and_the_text_streams():
    async with explaining(SHORT) as (editor, uri):
        answer = await explain(editor, uri, streamToken="one")
        assert set(answer) == {"markdown", "stats"}
        assert set(answer["stats"]) == STATS
        assert (answer["stats"]["mode"], answer["stats"]["lane"]) == ("think", "wide")
        assert answer["stats"]["tokensGenerated"] > 0
        assert answer["markdown"].strip()
        assert streamed(editor, "one") == answer["markdown"]

        record = await editor.last_request()
        assert (record.mode, record.lane, record.source) == ("think", "wide", "model")
        assert "def get" in record.prompt
        assert record.answer == answer["markdown"]


async def test_a_stream_token_may_be_a_number_or_missing():
    async with explaining(SHORT) as (editor, uri):
        answer = await explain(editor, uri, streamToken=7)
        assert streamed(editor, 7) == answer["markdown"]  # type: ignore[arg-type]
        again = await explain(editor, uri)
        assert again["stats"]["tokensReused"] > 0


async def test_it_waits_for_the_model_and_opens_the_wide_lane():
    async with explaining(SHORT) as (editor, uri):
        await explain(editor, uri)  # sent before the model can be there
        lanes = [lane.name for lane in (await editor.status()).lanes]
        assert lanes == ["lean", "wide"]
        reports = editor.client.progress_reports.values()
        assert all(isinstance(one[-1], types.WorkDoneProgressEnd) for one in reports if one)


def opens(client: types.ClientCapabilities) -> None:
    client.window = types.WindowClientCapabilities(
        show_document=types.ShowDocumentClientCapabilities(support=True)
    )


async def test_with_show_the_answer_is_opened_or_shown_as_a_message():
    for more in (opens, lambda _: None):
        async with session(SHORT, more=more) as editor:
            answer = await explain(editor, editor.open(), show=True)
            documents = [one.uri for one in editor.client.shown_documents]
            opened = [Path(url2pathname(urlsplit(uri).path)).read_text() for uri in documents]
            shown = opened if more is opens else [one.message for one in editor.client.messages]
            assert [one.strip() for one in shown] == [answer["markdown"].strip()]
            with pytest.raises(JsonRpcException, match=r"expected bool @ \$.show"):
                await explain(editor, editor.open(), show="yes")


async def test_white_space_gets_a_sentence():
    async with explaining() as (editor, uri):
        blank = types.Range(types.Position(1, 0), types.Position(3, 0))
        answer = await explain(editor, uri, blank)
        assert answer["markdown"].count(".") == 1
        assert answer["stats"]["tokensGenerated"] == 0


async def test_completions_go_on_while_it_explains_and_typing_does_not_end_it():
    async with explaining(ENDLESS) as (editor, uri):
        await editor.complete_when_ready(uri, END)
        asked = start(editor, uri, streamToken="long")
        at = END
        for key in "value = self.":
            at = editor.insert(uri, at, key)
            await editor.complete(uri, at)
        answer = await asyncio.wait_for(asked, WAIT)
        assert answer["markdown"] == streamed(editor, "long")
        assert answer["stats"]["tokensGenerated"] > 0


async def test_a_second_explanation_of_the_document_supersedes_the_first():
    async with explaining(ENDLESS) as (editor, uri):
        await explain(editor, uri, types.Range(types.Position(1, 0), types.Position(2, 0)))
        async with editor.held_engine():
            first = start(editor, uri)
            await editor.status()
            second = start(editor, uri, CURSOR)
            with pytest.raises(JsonRpcException, match="took its place") as caught:
                await asyncio.wait_for(first, WAIT)
            assert caught.value.code == types.LSPErrorCodes.ServerCancelled
        assert (await asyncio.wait_for(second, WAIT))["markdown"]


async def test_explanations_of_two_documents_do_not_affect_each_other():
    async with explaining(SHORT) as (editor, uri):
        other = editor.open(name="other.py")
        both = await asyncio.gather(explain(editor, uri), explain(editor, other))
        assert all(answer["markdown"] for answer in both)


async def cancelled(editor: Session, asked: asyncio.Future[Any]) -> None:
    editor.client.cancel_request(types.CancelParams(id="to-cancel"))
    with pytest.raises(JsonRpcException) as caught:
        await asyncio.wait_for(asked, WAIT)
    assert caught.value.code == types.LSPErrorCodes.RequestCancelled


async def idle(editor: Session) -> None:
    """Wait until the engine has nothing to do any more."""
    async with asyncio.timeout(WAIT):
        while (await editor.status()).state != "idle":
            await asyncio.sleep(0.02)


async def test_cancelled_while_the_model_loads():
    async with explaining(SHORT) as (editor, uri):
        await cancelled(editor, start(editor, uri, msg_id="to-cancel"))
        assert (await explain(editor, uri))["markdown"]


async def test_cancelled_during_prefill():
    async with explaining(SHORT) as (editor, uri):
        await explain(editor, uri)
        long = editor.open("x = [1, 2, 3]\n" * 300, "long.py")
        span = types.Range(types.Position(0, 0), types.Position(300, 0))
        engine = await editor.engine_process()
        os.kill(engine, signal.SIGSTOP)
        try:
            asked = start(editor, long, span, msg_id="to-cancel")
            await editor.status()
            await cancelled(editor, asked)
        finally:
            os.kill(engine, signal.SIGCONT)
        await idle(editor)
        assert (await explain(editor, uri))["markdown"]


async def test_cancelled_while_it_generates():
    async with explaining(ENDLESS) as (editor, uri):
        asked = start(editor, uri, msg_id="to-cancel", streamToken="cut")
        await until_streaming(editor, "cut")
        if asked.done():
            pytest.skip("the model had said all")
        async with editor.held_engine():
            await cancelled(editor, asked)
        await idle(editor)
        records = await editor.command("leanwide.lastRequest")
        assert "cancelled" in records[-1].reason
        assert "def get" in records[-1].prompt
        assert (await explain(editor, uri, CURSOR))["markdown"]


async def test_a_session_may_end_while_it_explains(monkeypatch: pytest.MonkeyPatch):
    async with asyncio.timeout(2 * WAIT):
        async with explaining(ENDLESS) as (editor, uri):
            asked = start(editor, uri, streamToken="cut")
            await until_streaming(editor, "cut")
            await editor.client.shutdown_async(None)
            assert asked.done()
            editor.client.exit(None)
            monkeypatch.setattr(editor.client, "shutdown_session", AsyncMock())  # it is already


async def test_a_dead_engine_is_an_error_for_this_request_only():
    async with explaining(ENDLESS) as (editor, uri):
        await explain(editor, uri, CURSOR)
        engine = await editor.engine_process()
        os.kill(engine, signal.SIGSTOP)
        asked = start(editor, uri)
        await editor.status()
        os.kill(engine, signal.SIGKILL)
        with pytest.raises(JsonRpcException) as caught:
            await asyncio.wait_for(asked, WAIT)
        assert caught.value.code == types.LSPErrorCodes.RequestFailed
        assert (await explain(editor, uri, CURSOR))["markdown"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [3],
        [{}],
        [{"uri": 3, "range": {}}],
        [{"uri": "file:///project/store.py"}],
        [{"uri": "file:///project/store.py", "range": {"start": 3}}],
        [
            {
                "uri": "file:///project/store.py",
                "range": {
                    "start": {"line": 0, "character": 0},
                    "end": {"line": 1, "character": 0},
                },
                "streamToken": [1],
            }
        ],
        [
            {
                "uri": "file:///project/closed.py",
                "range": {
                    "start": {"line": 0, "character": 0},
                    "end": {"line": 1, "character": 0},
                },
            }
        ],
        [
            {
                "uri": "file:///project/store.py",
                "range": {
                    "start": {"line": 0, "character": 0},
                    "end": {"line": 999, "character": 0},
                },
            }
        ],
    ],
)
async def test_bad_arguments_are_an_error(arguments):
    async with explaining() as (editor, _):
        with pytest.raises(JsonRpcException) as caught:
            await editor.command("leanwide.explain", *arguments)
        assert caught.value.code == -32602
        assert (await editor.status()).state


def test_the_ranges_of_these_tests_are_right():
    lines = SOURCE.splitlines()
    assert "def get" in lines[METHOD.start.line]
    assert "with open" in lines[CURSOR.start.line]
