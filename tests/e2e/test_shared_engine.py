"""Two editor windows on one engine, as the system of a logged-in user starts them."""

from __future__ import annotations

import asyncio

import psutil

from tests.e2e.session import END, Session, session


async def suggestion(editor: Session) -> str:
    """Open a document and return its first suggestion."""
    uri = editor.open()
    async with asyncio.timeout(60):
        while not (found := await editor.complete(uri, END)):
            await asyncio.sleep(0.05)
    return str(found[0].insert_text)


async def test_windows_share_an_engine_and_what_one_does_disturbs_no_other(engine):
    async with session() as first, session() as second:
        assert await suggestion(first) == await suggestion(second)
        (running,) = (await asyncio.to_thread(engine, "list"))["engines"]
        assert running["windows"] == 2
        assert running["lanes"] == ["lean"]
        process = psutil.Process(running["process"])
        assert process not in psutil.Process().children(recursive=True)
        process.kill()
        assert await suggestion(first) == await suggestion(second)
        (again,) = (await asyncio.to_thread(engine, "list"))["engines"]
        assert again["process"] != running["process"]
    assert psutil.pid_exists(again["process"]), "it waits a while for the next window"
    assert engine("stop") == {"stopped": [again["process"]]}


async def test_a_user_may_want_an_engine_for_each_window(engine):
    options = {"machine": {"share_engine": "off"}}
    async with session(options=options) as editor:
        assert await suggestion(editor)
        assert (await asyncio.to_thread(engine, "list"))["engines"] == []
