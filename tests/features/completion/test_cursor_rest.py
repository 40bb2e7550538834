"""What is read where the cursor rests."""

from __future__ import annotations

import pytest

from leanwide.engine.base import Priority
from leanwide.features.completion.cursor_rest import arrive
from leanwide.features.session import Preferences
from leanwide.modes.machine import MachineState
from tests.features.editor import (
    Editor,
    bench_saying,
    interactive,
    settled,
    until,
)

TEXT = "def f():\n    ‸\n\n\ndef g():\n    return 1\n"


async def test_the_prompt_is_read_before_the_first_key():
    bench, engine = bench_saying([], ["return 2"])
    editor = Editor(bench, TEXT, "python")
    await arrive(editor.view, bench)
    await settled(bench)
    (read,) = engine.requests
    assert (read.priority, read.max_tokens) == (Priority.BACKGROUND, 0)
    editor.type("r")
    await editor.ask()
    assert engine.requests[-1].prompt[:-1] == read.prompt[:-1]


async def test_where_it_is_read_nothing_is_done():
    bench, engine = bench_saying(["return 2"])
    editor = Editor(bench, TEXT, "python")
    await editor.ask()
    await arrive(editor.view, bench)
    await settled(bench)
    assert len(engine.requests) == 1


async def test_whoever_waits_is_not_delayed():
    bench, engine = bench_saying(["return", " 2"], ["x"])
    first = Editor(bench, TEXT, "python", name="first")
    other = Editor(bench, TEXT, "python", name="other")
    engine.pause()
    asked = first.asking()
    await until(lambda: len(engine.requests) == 1)
    await arrive(other.view, bench)
    engine.resume()
    assert await asked == "return 2"
    assert len(interactive(engine)) == len(engine.requests) == 1


async def test_a_request_ends_the_reading():
    bench, engine = bench_saying([], ["return 2"])
    editor = Editor(bench, TEXT, "python")
    engine.pause()
    await arrive(editor.view, bench)
    await until(lambda: len(engine.requests) == 1)
    reading = bench.idle_work
    asked = Editor(bench, "y = ‸\n", "python", name="other").asking()
    await until(lambda: len(engine.requests) == 2)
    engine.resume()
    assert await asked == "return 2"
    assert reading is not None
    assert reading.cancelled()


@pytest.mark.parametrize(
    ("manners", "machine", "text"),
    [
        (Preferences(follow_cursor=False), MachineState(), TEXT),
        (Preferences(), MachineState(on_battery=True, battery_percent=10.0), TEXT),
        (Preferences(), MachineState(memory_short=True), TEXT),
        (Preferences(), MachineState(), "x = ‸ + 1\n"),
    ],
    ids=["switched off", "low battery", "memory", "inside a line"],
)
async def test_left_alone(manners: Preferences, machine: MachineState, text: str):
    bench, engine = bench_saying([], manners=manners)
    bench.machine = machine
    await arrive(Editor(bench, text, "python").view, bench)
    await settled(bench)
    assert engine.requests == []
