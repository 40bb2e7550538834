"""Suggestions on a machine that reads 60 tokens a second and says 13."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from lsprotocol import types

from tests.e2e.session import SOURCE, Session, session
from tests.e2e.slow import SLOW


def texts(items: list[types.InlineCompletionItem]) -> list[str]:
    return [str(item.insert_text) for item in items]


TEXT = SOURCE + "if name in self.settings:\n" + 12 * " "
"""The embedded model says eight tokens here, for 600 ms."""
AT = types.Position(TEXT.count("\n"), 12)
SHORT = {"modes": {"code": {"deadline_ms": 200}}}


async def loaded(editor: Session) -> str:
    uri = editor.open(TEXT)
    async with asyncio.timeout(60):
        while (await editor.status()).state not in ("idle", "busy"):
            await asyncio.sleep(0.05)
    return uri


async def generated(editor: Session) -> Any:
    """Wait for the record of a generation that somebody asked for."""
    async with asyncio.timeout(30):
        while not (done := [one for one in await editor.records() if one.source == "model"]):
            await asyncio.sleep(0.1)
    return done[-1]


async def test_the_first_request_at_a_place_waits_for_its_prefill():
    async with session(SHORT, command=SLOW) as editor:
        uri = await loaded(editor)
        began = time.monotonic()
        (first,) = texts(await editor.complete(uri, AT))
        took = time.monotonic() - began
        record = await editor.last_request()
        assert took > 1.5, "the prompt alone takes longer than the deadline"
        assert "goes on" in record.reason
        async with asyncio.timeout(30):
            while not editor.ready:
                await asyncio.sleep(0.05)
        (ready,) = editor.ready
        assert ready.textDocument.uri == uri
        assert (ready.position.line, ready.position.character) == (AT.line, AT.character)
        began = time.monotonic()
        (whole,) = texts(await editor.complete(uri, AT))
        assert time.monotonic() - began < 1
        assert whole.startswith(first)
        assert len(whole) > len(first)
        record = await editor.last_request()
        assert record.source == "cache"


@pytest.mark.parametrize("experimental", [None, {"leanwide": True}])
async def test_a_client_that_does_not_name_the_notification_gets_none(experimental: Any):
    def forget(capabilities: types.ClientCapabilities) -> None:
        capabilities.experimental = experimental

    async with session(SHORT, command=SLOW, more=forget) as editor:
        uri = await loaded(editor)
        (first,) = texts(await editor.complete(uri, AT))
        async with asyncio.timeout(30):
            while (await editor.status()).state == "busy":
                await asyncio.sleep(0.1)
        (whole,) = texts(await editor.complete(uri, AT))
        assert len(whole) > len(first)
        assert editor.ready == []


async def test_a_request_by_hand_gets_the_whole_answer():
    async with session(command=SLOW) as editor:
        uri = await loaded(editor)
        by_hand = types.InlineCompletionTriggerKind.Invoked
        result = await editor.request(uri, AT, by_hand)
        assert result is not None
        (whole,) = texts(list(result.items))
        assert texts(await editor.complete(uri, AT)) == [whole]
        assert editor.ready == []


async def test_prefill_before_a_cancellation_is_not_repeated():
    async with session(command=SLOW) as editor:
        uri = await loaded(editor)
        request = editor.request(uri, AT)
        await asyncio.sleep(2)
        assert not request.done()
        at = editor.insert(uri, AT, "f")
        await editor.complete(uri, at)
        assert (await generated(editor)).tokensReused > 60


async def test_typing_through_is_answered_at_once_while_more_is_generated():
    async with session(SHORT, command=SLOW) as editor:
        uri = await loaded(editor)
        at = AT
        (shown,) = texts(await editor.complete(uri, at))
        for key in "sel":
            at = editor.insert(uri, at, key)
            began = time.monotonic()
            (item,) = texts(await editor.complete(uri, at))
            assert time.monotonic() - began < 1
            assert item.startswith(shown)


async def test_a_resting_cursor_prefills_for_the_first_key():
    async with session(SHORT, command=SLOW) as editor:
        uri = await loaded(editor)
        position = {"line": AT.line, "character": AT.character}
        editor.client.protocol.notify(
            "leanwide/cursor", {"textDocument": {"uri": uri}, "position": position}
        )
        async with asyncio.timeout(30):
            await asyncio.sleep(1)
            while (await editor.status()).state == "busy":
                await asyncio.sleep(0.1)
        await editor.complete(uri, editor.insert(uri, AT, "s"))
        record = await generated(editor)
        assert record.tokensReused > 100
        assert record.tokensEvaluated < 20


async def test_prefill_progress_of_a_question_is_shown():
    async with session({"modes": {"think": {"output_tokens": 8}}}, command=SLOW) as editor:
        uri = await loaded(editor)
        span = {"start": {"line": 0, "character": 0}, "end": {"line": 25, "character": 0}}
        await editor.command("leanwide.explain", {"uri": uri, "range": span})
        reports = [one for some in editor.client.progress_reports.values() for one in some]
        said = [str(getattr(one, "message", "")) for one in reports]
        assert [text for text in said if "tokens read" in text]
