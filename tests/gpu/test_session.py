"""A session of an editor whose engine has layers on a GPU."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from tests.e2e.session import END, Session, session, unstructured

WAIT_S = 300
"""A device in software compiles its programs first, and computes slowly."""
METHOD = types.Range(types.Position(22, 0), types.Position(24, 0))


async def explain(editor: Session, uri: str) -> Any:
    argument = {"uri": uri, "range": unstructured(METHOD)}
    return await asyncio.wait_for(editor.command("leanwide.explain", argument), WAIT_S)


@pytest.mark.parametrize(
    ("placement", "reason"),
    [
        ({}, "GPU memory holds the weights twice"),
        ({"gpu_layers": -1, "cpu_expert_layers": 99}, "both lanes map the experts"),
    ],
)
async def test_an_editor_is_answered_by_both_lanes(
    tiny: Path, placement: dict[str, int], reason: str
) -> None:
    settings = {
        "model": {"path": str(tiny), "threads": 1, **placement},
        "modes": {"think": {"output_tokens": 16, "thinking_tokens": 16}},
    }
    async with session(settings) as editor:
        uri = editor.open()
        async with asyncio.timeout(WAIT_S):
            while (await editor.status()).model is None:
                await asyncio.sleep(0.1)
        await asyncio.wait_for(editor.request(uri, END), WAIT_S)
        answer = await explain(editor, uri)
        assert answer.stats.tokensGenerated > 0
        status = await editor.status()
        assert reason in status.residency.reason
        assert [(lane.name, lane.experts) for lane in status.lanes] == [("lean", 2), ("wide", 4)]
