"""Inline completion with the embedded model, as an editor sees it."""

from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from tests.e2e.session import END, SOURCE, session

ENCODINGS = list(types.PositionEncodingKind)


async def test_the_capability_is_advertised():
    async with session() as editor:
        assert editor.capabilities.inline_completion_provider is not None
        sync = editor.capabilities.text_document_sync
        assert isinstance(sync, types.TextDocumentSyncOptions)
        assert sync.change is types.TextDocumentSyncKind.Incremental
        assert sync.open_close


async def test_a_statement_is_completed_and_its_cost_is_recorded():
    async with session() as editor:
        uri = editor.open()
        at = editor.insert(uri, END, "self.pa")
        items = await editor.complete_when_ready(uri, at)
        text = items[0].insert_text
        assert isinstance(text, str)
        assert text.startswith("self.pa")
        assert len(text) > len("self.pa")
        assert items[0].range == types.Range(END, at)

        record = await editor.last_request()
        assert (record.mode, record.lane) == ("code", "lean")
        assert record.experts >= 1
        assert "class Store" in record.prompt
        assert record.tokensEvaluated > 0
        assert record.tokensGenerated > 0
        assert record.ms.total > 0


async def test_typing_on_evaluates_a_few_tokens_only():
    async with session() as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        at, evaluated = END, []
        for key in "value = self.settings[":
            at = editor.insert(uri, at, key)
            await editor.complete(uri, at)
            evaluated.append((await editor.last_request()).tokensEvaluated)
        assert sorted(evaluated)[len(evaluated) // 2] <= 4


async def test_a_newer_request_supersedes_the_older_and_both_are_answered():
    async with session() as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        at, requests = END, []
        for key in "zqxjk":  # nothing that the model expects, so that every key is a new question
            at = editor.insert(uri, at, key)
            requests.append(editor.request(uri, at))
        answers = await asyncio.wait_for(asyncio.gather(*requests), 20)
        assert len(answers) == len("zqxjk")
        assert answers[:-1] == [None] * 4


async def test_no_item_for_a_document_that_is_closed_meanwhile():
    async with session() as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        at = editor.insert(uri, END, "zqxjk")  # nothing that is known already
        async with editor.held_engine():
            request = editor.request(uri, at)
            editor.close(uri)
            await editor.status()  # the server has seen both
        assert await asyncio.wait_for(request, 20) is None


async def test_a_cancelled_request_gets_the_cancelled_error():
    async with session() as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        at = editor.insert(uri, END, "zqxjk")  # nothing that is known already
        context = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic)
        params = types.InlineCompletionParams(context, types.TextDocumentIdentifier(uri), at)
        async with editor.held_engine():
            request = editor.client.protocol.send_request(
                types.TEXT_DOCUMENT_INLINE_COMPLETION, params, msg_id="to-cancel"
            )
            editor.client.cancel_request(types.CancelParams(id="to-cancel"))
            with pytest.raises(Exception, match=r"[Cc]ancel"):
                await asyncio.wait_for(asyncio.wrap_future(request), 20)
        editor.insert(uri, at, "\n        self.")
        assert await editor.complete_when_ready(uri, types.Position(END.line + 1, 13))


async def test_accepting_a_suggestion_is_counted():
    async with session() as editor:
        uri = editor.open()
        items = await editor.complete_when_ready(uri, END)
        command = items[0].command
        assert command is not None
        await editor.command(command.command, *(command.arguments or []))
        assert (await editor.status()).accepted == 1


async def test_load_progress_has_a_beginning_and_an_end():
    async with session() as editor:
        uri = editor.open()
        assert await editor.complete(uri, END) == []  # at once, while the model loads
        await editor.complete_when_ready(uri, END)
        (reports,) = editor.client.progress_reports.values()
        assert isinstance(reports[0], types.WorkDoneProgressBegin)
        assert isinstance(reports[-1], types.WorkDoneProgressEnd)
        states = [status.state for status in editor.statuses]
        assert states.index("loading") < states.index("idle")


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_ranges_count_in_the_units_of_the_client(encoding: types.PositionEncodingKind):
    """An emoji is 4 bytes, 2 UTF-16 units, 1 code point; the typed part behind it is replaced."""
    emoji = {"utf-8": 4, "utf-16": 2, "utf-32": 1}[encoding.value]
    async with session(encoding=encoding) as editor:
        assert editor.capabilities.position_encoding == encoding
        before = '        print("🎉", self.se'
        uri = editor.open(SOURCE.rstrip(" \n") + "\n" + before + "\n")
        units = len(before) - 1 + emoji
        at = types.Position(END.line, units)
        items = await editor.complete_when_ready(uri, at)
        assert items[0].range == types.Range(types.Position(END.line, 8), at)
        assert str(items[0].insert_text).startswith('print("🎉", self.se')


@pytest.mark.parametrize(
    "beyond", [types.Position(END.line, 2**31 - 1), types.Position(END.line + 1, 0)]
)
async def test_a_position_beyond_an_end_is_that_end(beyond: types.Position):
    async with session() as editor:
        (item,) = await editor.complete_when_ready(editor.open(), beyond)
        assert item.range == types.Range(END, END)


@pytest.mark.parametrize("text", ["", "# only a comment", "é\r\nß\r\n", "\tif x:\n\t\t", "\x0c\n"])
async def test_unusual_documents_are_answered(text: str):
    async with session() as editor:
        uri = editor.open(text)
        await editor.complete(uri, types.Position(0, 0))
        warm = editor.open(name="warm.py")
        await editor.complete_when_ready(warm, END)
        last = text.count("\n")
        await editor.complete(uri, types.Position(last, 0))
        assert not [m for m in editor.client.messages if m.type is types.MessageType.Error]


async def test_bad_requests_get_an_error_and_the_server_goes_on():
    async with session() as editor:
        uri = editor.open()
        with pytest.raises(JsonRpcInvalidParams, match="not open"):
            await editor.request("file:///nowhere.py", END)
        with pytest.raises(JsonRpcInvalidParams, match="does not exist"):
            await editor.request(uri, types.Position(10_000, 0))
        with pytest.raises(JsonRpcInvalidParams):
            await editor.send_raw(types.TEXT_DOCUMENT_INLINE_COMPLETION, {"textDocument": 3})
        assert await editor.complete_when_ready(uri, END)


async def test_a_language_that_is_off_gets_no_completions():
    async with session({"languages": {"off": ["python"]}}) as editor:
        uri = editor.open()
        assert await editor.complete(uri, END) == []
        assert (await editor.status()).model is None
