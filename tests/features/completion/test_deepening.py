"""On a slow machine the first answer at a place has little context, and the next ones all of it."""

from __future__ import annotations

import asyncio

import pytest

from leanwide.engine.requests import Priority, Request
from leanwide.features.completion.cursor_rest import cursor_rests
from leanwide.features.completion.state import CompletionState
from leanwide.features.session import Preferences
from leanwide.modes.machine import LaneSpeed, MachineState, Rate
from leanwide.modes.profile import LEAN
from tests.features.editor import (
    CharacterEngine,
    Editor,
    SteppedEngine,
    interactive,
    settled,
    state_of,
    state_saying,
)

CODE = "".join(f"def function_{n}(value):\n    return value + {n}\n\n\n" for n in range(60))
TEXT = f"{CODE}def last(value):\n    ‸\n\n\n{CODE}"
SLOW = MachineState(lane_speeds={LEAN: LaneSpeed(Rate((), 60.0), Rate((), 13.0))})
FAST = MachineState(lane_speeds={LEAN: LaneSpeed(Rate((), 6000.0), Rate((), 130.0))})
EAGER = Preferences(look_ahead=True)


def slow(*answers: list[str]) -> tuple[CompletionState, SteppedEngine]:
    state, engine = state_saying(*answers, preferences=EAGER)
    state.session.backend.machine = SLOW
    return state, engine


def size(request: Request) -> int:
    return sum(len(piece) for piece in request.prompt if isinstance(piece, str))


def deepened(requests: list[Request]) -> list[Request]:
    """Requests that read a prompt of this place, and nothing else."""
    return [request for request in requests if not request.max_tokens and not request.shared_prefix]


def pages(requests: list[Request]) -> list[Request]:
    return [request for request in requests if request.shared_prefix]


async def unread_after(
    earlier: list[Request], request: Request, engine: SteppedEngine
) -> list[int]:
    """Return the tokens of a request that were not read by earlier ones, and forget all others."""
    engine.requests[:] = earlier
    return await engine.unread(LEAN, [request.prompt])


async def test_an_idle_prefill_reads_the_rest_and_later_requests_use_it():
    state, engine = slow(["return value"], [])
    editor = Editor(state, TEXT, "python")
    assert await editor.ask() == "return value"
    reason = state.session.journal.records[-1].reason
    assert "384 tokens now, 2,048 when you pause" in reason
    await settled(state)
    (deep,) = deepened(engine.requests)
    assert deep.priority is Priority.BACKGROUND
    assert size(deep) > 2 * size(engine.requests[0])
    editor.type("z")
    await editor.ask()
    assert interactive(engine)[-1].prompt[:-1] == deep.prompt[:-1]


async def test_the_rest_is_prefilled_once():
    state, engine = slow(["return value"], [])
    editor = Editor(state, TEXT, "python")
    await editor.ask()
    await settled(state)
    editor.type("z")
    await editor.ask()
    await settled(state)
    assert len(deepened(engine.requests)) == 1


async def test_a_prompt_that_can_be_prefilled_in_time_is_used_whole():
    state, engine = state_saying(["return value"], [], preferences=EAGER)
    await Editor(state, "def last(value):\n    ‸\n", "python").ask()
    await settled(state)
    assert all(request.max_tokens for request in engine.requests)


@pytest.mark.parametrize(
    ("machine", "tokens"), [(SLOW, range(50, 100)), (FAST, range(150, 256))], ids=["slow", "fast"]
)
async def test_a_jump_within_a_prefilled_page_evaluates_the_text_after_the_cursor_only(
    machine: MachineState, tokens: range
):
    """A slow machine begins with less of it, and reads the rest while idle."""
    state, engine = slow(["return value"], [])
    state.session.backend.machine = machine
    editor = Editor(state, TEXT, "python")
    await editor.ask()
    await settled(state)
    assert pages(engine.requests)
    before, rest = TEXT.replace("‸\n", "").split("def function_55(value):\n", 1)
    there = Editor(state, f"{before}def function_55(value):\n    ‸\n{rest}", "python")
    prefilled = list(engine.requests)
    await there.ask()
    jump = interactive(engine)[-1]
    (unread,) = await unread_after(prefilled, jump, engine)
    assert jump.prompt[1] == f"{before}def function_55(value):\n"
    assert unread in tokens
    await cursor_rests(there.view, state)
    await settled(state)
    assert len(state.windows[there.uri].after) // 4 in range(150, 256)


async def test_after_an_edit_a_jump_finds_the_text_before_it_until_the_page_is_read_again():
    state, engine = slow(["return value"], [])
    editor = Editor(state, TEXT, "python")
    await editor.ask()
    await settled(state)
    edited = TEXT.replace("‸", "").replace("value + 7\n", "value + 7  # seven\n", 1)
    above, rest = edited.split("def function_55(value):\n", 1)
    there = Editor(state, f"{above}def function_55(value):\n    ‸\n{rest}", "python")
    prefilled = list(engine.requests)
    await there.ask()
    jump = interactive(engine)[-1]
    (unread,) = await unread_after(prefilled, jump, engine)
    assert unread < 100
    assert jump.prompt[1] == above.replace("  # seven", "") + "def function_55(value):\n"
    assert "the one before your last edits" in state.session.journal.records[-1].reason
    await cursor_rests(there.view, state)
    await settled(state)
    there.type("r")
    await there.ask()
    assert interactive(engine)[-1].prompt[1] == f"{above}def function_55(value):\n"


async def test_a_page_that_an_edit_outdated_is_read_again_after_a_longer_pause_only():
    state, engine = slow(["return value"], [])
    editor = Editor(state, TEXT, "python")
    await editor.ask()
    await settled(state)
    before = len(pages(engine.requests))
    edited = Editor(state, TEXT.replace("value + 57\n", "value + 57  # typed\n", 1), "python")
    state.pause_seconds = 60.0
    await cursor_rests(edited.view, state)
    assert state.idle_work is not None
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(state.idle_work, 0.3)
    assert len(pages(engine.requests)) == before
    state.windows.clear()
    state.pause_seconds = 0.0
    await cursor_rests(edited.view, state)
    await settled(state)
    assert len(pages(engine.requests)) > before


async def test_pages_have_the_same_number_of_tokens_in_a_text_of_many():
    engine = CharacterEngine()
    engine.enqueue(["return value"], [])
    state = state_of(engine, EAGER)
    await Editor(state, TEXT, "python").ask()
    await settled(state)
    around = [size(request) for request in pages(engine.requests)]
    assert len(around) > 1
    assert all(tokens in range(900, 1_500) for tokens in around)


@pytest.mark.parametrize(
    "machine",
    [MachineState(memory_short=True), MachineState(on_battery=True, battery_percent=10.0)],
    ids=["memory", "low battery"],
)
async def test_no_page_is_prefilled_on_a_low_battery_or_short_memory(machine: MachineState):
    state, engine = slow(["return value"], [])
    state.session.backend.machine = machine
    await Editor(state, TEXT, "python").ask()
    await settled(state)
    assert not pages(engine.requests)
