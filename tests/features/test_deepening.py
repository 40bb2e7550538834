"""On a slow machine the first answer at a place has little context, and the next ones all of it."""

from __future__ import annotations

from leanwide.engine.base import Priority, Request
from leanwide.features.workbench import Manners, Workbench
from leanwide.modes.machine import Machine, Pace, Rate
from leanwide.modes.profile import LEAN
from tests.features.editor import Editor, SteppedEngine, bench_saying, settled

CODE = "".join(f"def function_{n}(value):\n    return value + {n}\n\n\n" for n in range(60))
TEXT = f"{CODE}def last(value):\n    ‸\n\n\n{CODE}"
SLOW = Machine(paces={LEAN: Pace(Rate((), 60.0), Rate((), 13.0))})
EAGER = Manners(look_ahead=True)


def slow(*answers: list[str]) -> tuple[Workbench, SteppedEngine]:
    bench, engine = bench_saying(*answers, manners=EAGER)
    bench.machine = SLOW
    return bench, engine


def size(request: Request) -> int:
    return sum(len(piece) for piece in request.prompt if isinstance(piece, str))


async def test_more_is_read_when_nobody_waits_and_serves_from_then_on():
    bench, engine = slow(["return value"], [], [], ["x"])
    editor = Editor(bench, TEXT, "python")
    assert await editor.ask() == "return value"
    reason = bench.journal.records[-1].reason
    assert "192 tokens now, 768 when you pause" in reason
    await settled(bench)
    first, *_, deep = engine.requests
    assert (deep.priority, deep.max_tokens) == (Priority.BACKGROUND, 0)
    assert size(deep) > 2 * size(first)
    editor.type("z")
    await editor.ask()
    assert engine.requests[-1].prompt[:-1] == deep.prompt[:-1]


async def test_it_is_read_once():
    bench, engine = slow(["return value"], [], [], ["x"], [])
    editor = Editor(bench, TEXT, "python")
    await editor.ask()
    await settled(bench)
    editor.type("z")
    await editor.ask()
    await settled(bench)
    assert sum(not request.max_tokens for request in engine.requests) == 1


async def test_a_quick_machine_reads_everything_at_once():
    bench, engine = bench_saying(["return value"], [], manners=EAGER)
    await Editor(bench, TEXT, "python").ask()
    await settled(bench)
    assert all(request.max_tokens for request in engine.requests)
