"""The window of a request: the one before while it serves, else one that is chosen anew.

Only then are related snippets chosen anew too: another choice changes the beginning of the prompt,
and all of it would have to be evaluated again.
"""

from __future__ import annotations

import asyncio
from typing import Final

from attrs import evolve, frozen

from leanwide.context.lines import choose_lines
from leanwide.context.plan import Room, plan_nearest, plan_syntax
from leanwide.context.related import Limits, choose_related, lines_near, texts_to_count
from leanwide.context.view import View, with_lf
from leanwide.context.window import (
    AFTER_SHARE,
    FILL_SHARE,
    Related,
    Window,
    follow,
    keep_window,
    new_window,
)
from leanwide.engine.base import Engine, FimTokens
from leanwide.features.counting import TokenCounter
from leanwide.features.returning import saved_window
from leanwide.features.workbench import Workbench
from leanwide.modes.profile import Decision
from leanwide.syntax import SyntaxTree

_MARKERS: Final = 8
"""Tokens of a prompt that are not text: FIM markers and a possible beginning of sequence."""
_RELATED_SHARE: Final = 0.25
"""Share of the budget that pieces of other files may take; what they leave is the window's."""


@frozen(kw_only=True)
class Asked:
    """A request as far as it is decided."""

    view: View
    decision: Decision
    patient: Decision
    """The same if nobody waited for the prompt: one that is read already may be as long."""
    fim: FimTokens
    began: float
    """Arrival, in seconds of ``time.monotonic``."""
    waited_ms: float = 0.0
    """What it waited, in milliseconds, for an earlier generation that then said something else."""
    said: str = ""
    """The beginning of the answer, where an earlier generation was cut or ended in the middle."""
    parts: int = 0
    """Generations that were cut before this one."""


async def kept_window(asked: Asked, bench: Workbench) -> Window | None:
    """Give the document's last window, with what was typed since; None where another is needed.

    Where that of this session does not serve, the one of an earlier session may.

    Raises:
        EngineError: The engine is gone.
    """
    last = bench.windows.get(asked.view.uri)
    kept = await _kept(asked, last, bench) if last is not None else None
    if kept is None and (saved := await saved_window(asked.view, bench)) is not None:
        return await _kept(asked, saved, bench)
    return kept


async def _kept(asked: Asked, previous: Window, bench: Workbench) -> Window | None:
    view, count = asked.view, bench.counter
    budget = prompt_tokens(bench.engine, asked.patient)
    kept = keep_window(view, previous, budget, count)
    if kept is not None and kept.anchor_line == previous.anchor_line:
        return kept  # what is not counted yet is counted as too much
    if previous.tokens > budget or follow(view, previous) is None:
        return None  # all the lines in between would be counted for nothing
    await learn_typed(view, previous, count)
    return keep_window(view, previous, budget, count)


async def choose_window(asked: Asked, bench: Workbench, tree: SyntaxTree | None) -> Window:
    """Choose a window anew, in tokens of the model at hand.

    Raises:
        EngineError: The engine is gone.
    """
    view, count = asked.view, bench.counter
    budget = prompt_tokens(bench.engine, asked.decision)
    related = await _related(asked, bench, tree, int(budget * _RELATED_SHARE))
    budget -= related.tokens
    after = int(budget * AFTER_SHARE)
    room = Room(int(budget * FILL_SHARE) - after, after)
    plan = plan_nearest(view, room)
    if tree is not None:
        plan = await asyncio.to_thread(plan_syntax, view, tree, room)
    needed = (with_lf(view.lines[number]) for number in plan.numbers())
    await count.learn((*needed, view.line_before, view.line_after, view.line_after + "\n"))
    cursor_line = count(view.line_before) + count(view.line_after)
    room = evolve(room, before=max(0, room.before - cursor_line))
    chosen = choose_lines(view, plan, room, count)
    whole = asked.decision.budget.context_tokens
    return evolve(new_window(view, chosen, count, related), budget=whole)


async def _related(asked: Asked, bench: Workbench, tree: SyntaxTree | None, budget: int) -> Related:
    """Choose pieces of other files within a budget of tokens."""
    view, count, elsewhere = asked.view, bench.counter, bench.elsewhere
    path = elsewhere.key(bench.names.place(view.path))
    if path is None or asked.fim.file_separator is None:
        return Related()
    candidates = await elsewhere.candidates(view, tree, path)
    await count.learn(texts_to_count(candidates, path))
    before = bench.windows.get(view.uri)
    limits = Limits(
        path=path,
        around=lines_near(view),
        budget=budget,
        count=count,
        allowed=elsewhere.shows,
    )
    previous = before.related if before is not None else Related()
    return await asyncio.to_thread(choose_related, candidates, previous, limits)


async def learn_typed(view: View, window: Window, count: TokenCounter) -> None:
    """Learn to count what was typed since the anchor."""
    lines = map(with_lf, view.lines[window.anchor_line : view.line])
    await count.learn((*lines, view.line_before))


def prompt_tokens(engine: Engine, decision: Decision) -> int:
    """The budget's prompt tokens, or what the lane has room for beside markers and answer."""
    budget = decision.budget
    beside = budget.output_tokens + _MARKERS
    room = [lane.context_tokens - beside for lane in engine.lanes if lane.name == decision.lane]
    return min([budget.context_tokens, *room])
