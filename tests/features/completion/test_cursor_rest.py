"""What is read where the cursor rests."""

from __future__ import annotations

import pytest
from attrs import evolve

from leanwide.engine.requests import Priority
from leanwide.engine.scripted import SCRIPTED_MODEL
from leanwide.features.completion.cursor_rest import cursor_rests
from leanwide.features.session import Preferences
from leanwide.modes.machine import MachineState
from leanwide.modes.profile import LEAN
from tests.features.editor import (
    Editor,
    SteppedEngine,
    interactive,
    settled,
    state_of,
    state_saying,
    until,
)

TEXT = "def f():\n    ‸\n\n\ndef g():\n    return 1\n"
CODE = "".join(f"def function_{n}(value):\n    return value + {n}\n\n\n" for n in range(60))
SILENT = f'‸"""Functions of numbers."""\n\n\n{CODE}def last(value):\n    \n'
"""A file as it is opened: a suggestion at its first character would be silent."""


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
        (Preferences(follow_cursor=False), MachineState(), SILENT),
        (Preferences(), MachineState(on_battery=True, battery_percent=10.0), SILENT),
    ],
    ids=[
        "switched off", "low battery", "memory", "inside a line",
        "switched off, silent", "low battery, silent",
    ],
)  # fmt: skip
async def test_where_nothing_is_prefilled(
    preferences: Preferences, machine: MachineState, text: str
):
    state, engine = state_saying([], preferences=preferences)
    state.session.backend.machine = machine
    await cursor_rests(Editor(state, text, "python").view, state)
    await settled(state)
    assert engine.requests == []


async def test_at_a_silent_place_the_pages_around_are_prefilled_for_the_first_jump():
    state, engine = state_saying()
    await cursor_rests(Editor(state, SILENT, "python").view, state)
    await settled(state)
    read = list(engine.requests)
    assert read
    assert all(one.shared_prefix and one.priority is Priority.BACKGROUND for one in read)
    top, _, rest = SILENT.replace("‸", "").partition("    return value + 20\n")
    await Editor(state, f"{top}    ‸\n{rest}", "python").ask()
    jump = engine.requests[-1]
    engine.requests[:] = read
    (unread,) = await engine.unread(LEAN, [jump.prompt])
    assert jump.prompt[1] == top
    assert unread <= 300


async def test_an_excluded_file_or_one_of_an_unknown_language_is_not_prefilled():
    state, engine = state_saying([])
    await cursor_rests(Editor(state, SILENT, name=".env").view, state)
    await settled(state)
    assert engine.requests == []
    engine = SteppedEngine(evolve(SCRIPTED_MODEL, languages=("python",)))
    state = state_of(engine)
    await cursor_rests(Editor(state, SILENT, "ruby", name="a.rb").view, state)
    await settled(state)
    assert engine.requests == []
