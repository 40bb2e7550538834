"""What is read where the cursor rests."""

from __future__ import annotations

import pytest

from leanwide.engine.requests import Priority
from leanwide.features.completion.cursor_rest import cursor_rests
from leanwide.features.session import Preferences
from leanwide.modes.machine import MachineState
from tests.features.editor import (
    Editor,
    interactive,
    settled,
    state_saying,
    until,
)

TEXT = "def f():\n    ‸\n\n\ndef g():\n    return 1\n"


async def test_the_prompt_is_prefilled_before_the_first_key():
    state, engine = state_saying([], ["return 2"])
    editor = Editor(state, TEXT, "python")
    await cursor_rests(editor.view, state)
    await settled(state)
    (read,) = engine.requests
    assert (read.priority, read.max_tokens) == (Priority.BACKGROUND, 0)
    editor.type("r")
    await editor.ask()
    assert engine.requests[-1].prompt[:-1] == read.prompt[:-1]


async def test_a_prefilled_place_is_not_prefilled_again():
    state, engine = state_saying(["return 2"])
    editor = Editor(state, TEXT, "python")
    await editor.ask()
    await cursor_rests(editor.view, state)
    await settled(state)
    assert len(engine.requests) == 1


async def test_a_waiting_request_is_not_delayed():
    state, engine = state_saying(["return", " 2"], ["x"])
    first = Editor(state, TEXT, "python", name="first")
    other = Editor(state, TEXT, "python", name="other")
    engine.pause()
    asked = first.asking()
    await until(lambda: len(engine.requests) == 1)
    await cursor_rests(other.view, state)
    engine.resume()
    assert await asked == "return 2"
    assert len(interactive(engine)) == len(engine.requests) == 1


async def test_a_request_cancels_the_prefill():
    state, engine = state_saying([], ["return 2"])
    editor = Editor(state, TEXT, "python")
    engine.pause()
    await cursor_rests(editor.view, state)
    await until(lambda: len(engine.requests) == 1)
    reading = state.idle_work
    asked = Editor(state, "y = ‸\n", "python", name="other").asking()
    await until(lambda: len(engine.requests) == 2)
    engine.resume()
    assert await asked == "return 2"
    assert reading is not None
    assert reading.cancelled()


@pytest.mark.parametrize(
    ("preferences", "machine", "text"),
    [
        (Preferences(follow_cursor=False), MachineState(), TEXT),
        (Preferences(), MachineState(on_battery=True, battery_percent=10.0), TEXT),
        (Preferences(), MachineState(memory_short=True), TEXT),
        (Preferences(), MachineState(), "x = ‸ + 1\n"),
    ],
    ids=["switched off", "low battery", "memory", "inside a line"],
)
async def test_where_nothing_is_prefilled(
    preferences: Preferences, machine: MachineState, text: str
):
    state, engine = state_saying([], preferences=preferences)
    state.session.backend.machine = machine
    await cursor_rests(Editor(state, text, "python").view, state)
    await settled(state)
    assert engine.requests == []
