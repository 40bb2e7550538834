"""Whatever a client sends, each request is answered once and the server lives."""

from __future__ import annotations

from tests.fuzz.drive import fuzz, stdio


async def test_every_request_among_generated_messages_is_answered_once():
    runs = [run for seed in (0, 1) for run in await fuzz(stdio, 2500, seed)]
    assert not [problem for run in runs for problem in run.problems]
    codes = {code for run in runs for code in run.codes}
    assert {0, -32002, -32600, -32601, -32602, -32700, -32800} <= codes
    assert -32603 not in codes
