"""Writes the table of the router's decisions in ``docs/modes.md``; run as a module.

The rows come from the real router with the built-in profiles, so the page is always true.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from attrs import frozen

from leanwide.modes.difficulty import difficulty
from leanwide.modes.machine import LaneSpeed, MachineState, Rate
from leanwide.modes.profile import LEAN, WIDE, Mode
from leanwide.modes.router import Signals, Task, limit_prefill, route
from leanwide.options import parse
from leanwide_bench.generated_section import with_section

BEGIN: Final = "<!-- decisions: written by `make docs` -->\n"
END: Final = "<!-- /decisions -->\n"
_HEAD: Final = (
    "| request | signals | mode | lane | context | thinking | answer | reason |\n"
    "|---|---|---|---|---|---|---|---|\n"
)


@frozen
class _Case:
    task: Task
    signals: Signals
    signals_text: str
    waits: bool = False
    """Whether the client waits while the prompt is prefilled."""


def _machine(prompt: float, decode: float) -> MachineState:
    pace = LaneSpeed(Rate((), prompt), Rate((), decode))
    return MachineState(lane_speeds={LEAN: pace, WIDE: pace})


def _chat(question: str) -> _Case:
    return _Case(Task.CHAT, Signals(thinks=True, difficulty=difficulty(question)), f'"{question}"')


_CASES: Final = (
    _Case(Task.INLINE_COMPLETION, Signals(), "at the end of a line"),
    _Case(Task.INLINE_COMPLETION, Signals(text_after_cursor=True), "inside a line"),
    _Case(
        Task.INLINE_COMPLETION,
        Signals(machine=_machine(5000, 300)),
        "not read yet; the lane runs 5,000 prompt tokens/s",
        waits=True,
    ),
    _Case(
        Task.INLINE_COMPLETION,
        Signals(machine=_machine(60, 13)),
        "not read yet; the lane runs 60 prompt tokens/s",
        waits=True,
    ),
    _Case(Task.INLINE_COMPLETION, Signals(machine=MachineState(on_battery=True)), "on battery"),
    _Case(
        Task.INLINE_COMPLETION,
        Signals(machine=MachineState(on_battery=True, battery_percent=10.0)),
        "on battery, 10 % left",
    ),
    _Case(
        Task.INLINE_COMPLETION, Signals(machine=MachineState(memory_short=True)), "memory is short"
    ),
    _Case(Task.EXPLAIN, Signals(thinks=True), "a model that thinks"),
    _Case(Task.EXPLAIN, Signals(), "a model that does not think"),
    _Case(Task.EXPLAIN, Signals(thinks=True, selection_lines=3), "3 selected lines"),
    _Case(
        Task.EXPLAIN,
        Signals(thinks=True, lane_tokens=4096),
        "memory for 4,096 tokens in the lane only",
    ),
    _Case(
        Task.EXPLAIN,
        Signals(thinks=True, machine=_machine(30, 10)),
        "the lane runs 30 prompt and 10 decode tokens/s",
    ),
    _chat("Which of the two is called first?"),
    _chat("fix the typo"),
    _chat("Write a parser for this format."),
    _chat("Why is this slow?"),
    _chat("Move load from store.py to settings.py."),
    _Case(Task.EXPLAIN, Signals(thinks=True, pinned=Mode.CODE), "`code` is pinned"),
)


def table() -> str:
    """Return the table, in Markdown."""
    return _HEAD + "".join(_rows())


def _rows() -> Iterator[str]:
    profiles = parse()[0].profiles
    for case in _CASES:
        decision = route(case.task, case.signals, profiles)
        if case.waits:
            decision = limit_prefill(decision, case.signals.machine)
        budget = decision.budget
        cells = (
            case.task,
            case.signals_text,
            f"`{decision.mode}`",
            decision.lane,
            f"{budget.context_tokens:,}",
            f"{budget.thinking_tokens:,}",
            f"{budget.output_tokens:,}",
            decision.reason,
        )
        yield f"| {' | '.join(cells)} |\n"


def main() -> None:
    """Write the table into ``docs/modes.md``; run in the repository's root."""
    page = Path("docs/modes.md")
    page.write_text(with_section(page.read_text("utf-8"), BEGIN, END, table()), "utf-8")


if __name__ == "__main__":
    main()
