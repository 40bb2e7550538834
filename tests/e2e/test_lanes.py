"""Two lanes: they come and go, and one changes nothing that the other says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.e2e.session import END, session
from tests.e2e.test_explain import WAIT, explain, start

SOON = {
    "machine": {"close_after_minutes": 0.005},
    "modes": {"think": {"output_tokens": 16}},
}


async def until_lanes(editor: Any, names: list[str]) -> None:
    async with asyncio.timeout(WAIT):
        while [lane.name for lane in (await editor.status()).lanes] != names:
            await asyncio.sleep(0.05)


async def test_an_idle_wide_lane_is_closed_and_the_next_question_opens_it_again():
    async with session(SOON) as editor:
        uri = editor.open()
        first = await explain(editor, uri)
        await until_lanes(editor, ["lean"])
        assert await editor.complete_when_ready(uri, END)
        again = await explain(editor, uri)
        assert again["stats"]["experts"] == first["stats"]["experts"]
        assert again["stats"]["tokensGenerated"] > 0


async def test_the_status_tells_what_the_lanes_take():
    async with session() as editor:
        uri = editor.open()
        await explain(editor, uri)
        status = await editor.status()
        assert status.residency.residency == "shared"
        assert "map the same file" in status.residency.reason
        assert status.memoryBytes > 0
        for lane in status.lanes:
            assert 0 < lane.measuredBytes <= lane.predictedBytes


async def test_a_single_handle_runs_one_number_of_experts():
    async with session({"machine": {"residency": "single"}}) as editor:
        uri = editor.open()
        await explain(editor, uri)
        status = await editor.status()
        assert status.residency.residency == "single"
        lean, wide = status.lanes
        assert lean.experts == wide.experts


async def test_typing_does_not_change_an_explanation():
    """On one thread and from the KV cache, so that llama.cpp adds up in the same order."""
    async with session({"model": {"threads": 1}}) as editor:
        uri, other = editor.open(), editor.open(name="other.py")
        await editor.complete_when_ready(uri, END)
        await explain(editor, other)
        alone = await explain(editor, other)
        asked = start(editor, other)
        at = END
        for key in "value = self.":
            at = editor.insert(uri, at, key)
            await editor.complete(uri, at)
        beside = await asyncio.wait_for(asked, WAIT)
        assert beside["markdown"] == alone["markdown"]


async def test_each_lane_can_run_a_model_of_its_own(tiny: Path):
    short = {"modes": {"think": {"output_tokens": 16}}}
    async with session({**short, "lanes": {"wide": {"model": str(tiny)}}}) as editor:
        uri = editor.open()
        assert await editor.complete_when_ready(uri, END)
        assert [lane.name for lane in (await editor.status()).lanes] == ["lean"]
        answer = await explain(editor, uri)
        assert answer["stats"]["tokensGenerated"] > 0
        status = await editor.status()
        lean, wide = status.lanes
        assert lean.model != wide.model
        assert status.model.name == lean.model
        assert status.residency.reason == "each lane has a model of its own"
