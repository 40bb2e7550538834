"""Whatever a client sends, each request is answered once and the server keeps running."""

from __future__ import annotations

import pytest

from tests.fuzz.drive import WAYS, fuzz


@pytest.mark.parametrize(("way", "messages"), [("stdio", 5_000), ("tcp", 1_000)])
async def test_every_request_among_generated_messages_is_answered_once(way, messages):
    runs = [run async for run in fuzz(WAYS[way], messages, 0)]
    assert not [problem for run in runs for problem in run.problems]
    codes = {code for run in runs for code in run.codes}
    assert {0, -32600, -32601, -32602, -32700, -32800} <= codes
    assert (-32002 in codes) == (way == "stdio")
    assert -32603 not in codes
