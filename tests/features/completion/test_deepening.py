"""On a slow machine the first answer at a place has little context, and the next ones all of it."""

from __future__ import annotations

import pytest

from leanwide.engine.base import Priority, Request
from leanwide.features.session import Preferences, Workbench
from leanwide.modes.machine import LaneSpeed, MachineState, Rate
from leanwide.modes.profile import LEAN
from tests.features.editor import Editor, SteppedEngine, bench_saying, interactive, settled

CODE = "".join(f"def function_{n}(value):\n    return value + {n}\n\n\n" for n in range(60))
TEXT = f"{CODE}def last(value):\n    ‸\n\n\n{CODE}"
SLOW = MachineState(lane_speeds={LEAN: LaneSpeed(Rate((), 60.0), Rate((), 13.0))})
EAGER = Preferences(look_ahead=True)


def slow(*answers: list[str]) -> tuple[Workbench, SteppedEngine]:
    bench, engine = bench_saying(*answers, manners=EAGER)
    bench.machine = SLOW
    return bench, engine


def size(request: Request) -> int:
    return sum(len(piece) for piece in request.prompt if isinstance(piece, str))


def deepened(requests: list[Request]) -> list[Request]:
    """Requests that read a prompt of this place, and nothing else."""
    return [one for one in requests if not one.max_tokens and not one.shared_prefix]


def pages(requests: list[Request]) -> list[Request]:
    return [one for one in requests if one.shared_prefix]


async def test_more_is_read_when_nobody_waits_and_serves_from_then_on():
    bench, engine = slow(["return value"], [])
    editor = Editor(bench, TEXT, "python")
    assert await editor.ask() == "return value"
    reason = bench.journal.records[-1].reason
    assert "384 tokens now, 2,048 when you pause" in reason
    await settled(bench)
    (deep,) = deepened(engine.requests)
    assert deep.priority is Priority.BACKGROUND
    assert size(deep) > 2 * size(engine.requests[0])
    editor.type("z")
    await editor.ask()
    assert interactive(engine)[-1].prompt[:-1] == deep.prompt[:-1]


async def test_it_is_read_once():
    bench, engine = slow(["return value"], [])
    editor = Editor(bench, TEXT, "python")
    await editor.ask()
    await settled(bench)
    editor.type("z")
    await editor.ask()
    await settled(bench)
    assert len(deepened(engine.requests)) == 1


async def test_what_can_be_read_at_once_is():
    bench, engine = bench_saying(["return value"], [], manners=EAGER)
    await Editor(bench, "def last(value):\n    ‸\n", "python").ask()
    await settled(bench)
    assert all(request.max_tokens for request in engine.requests)


async def test_a_jump_finds_its_page_read():
    bench, engine = slow(["return value"], [])
    editor = Editor(bench, TEXT, "python")
    await editor.ask()
    await settled(bench)
    assert pages(engine.requests)
    before, rest = TEXT.replace("‸\n", "").split("def function_55(value):\n", 1)
    there = Editor(bench, f"{before}def function_55(value):\n    ‸\n{rest}", "python")
    read = list(engine.requests)
    await there.ask()
    jump = interactive(engine)[-1]
    engine.requests[:] = read
    (unread,) = await engine.unread(LEAN, [jump.prompt])
    assert jump.prompt[1] == f"{before}def function_55(value):\n"
    assert unread <= 200


@pytest.mark.parametrize(
    "machine",
    [MachineState(memory_short=True), MachineState(on_battery=True, battery_percent=10.0)],
    ids=["memory", "low battery"],
)
async def test_no_page_is_read_where_work_is_spared(machine: MachineState):
    bench, engine = slow(["return value"], [])
    bench.machine = machine
    await Editor(bench, TEXT, "python").ask()
    await settled(bench)
    assert not pages(engine.requests)
