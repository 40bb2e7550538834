"""The window of a request: the one before while it serves, else one that is chosen anew.

Somebody who waits gets a page's window where most of it is in the KV cache already, and otherwise
what can be read in time. Related snippets belong to the file: another choice changes the beginning
of all its prompts, so it is made while nobody waits.
"""

from __future__ import annotations

import asyncio
from typing import Final

from attrs import evolve, frozen

from leanwide.context.lines import choose_lines
from leanwide.context.pages import Page, page_at
from leanwide.context.plan import TokenRoom, WindowPlan, plan_nearest, plan_page, plan_syntax
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
from leanwide.features.completion.saved_places import saved_window
from leanwide.features.session import Workbench
from leanwide.features.token_counter import TokenCounter
from leanwide.modes.profile import Decision
from leanwide.prompt.infill import infill_prompt
from leanwide.syntax import SyntaxTree

_MARKERS: Final = 8
"""Tokens of a prompt that are not text: FIM markers and a possible beginning of sequence."""
_RELATED_SHARE: Final = 0.25
"""Share of the budget that pieces of other files may take; what they leave is the window's."""
_ROOM_FOR_RELATED: Final = 512
"""With fewer tokens all of them are for the file itself: text in its place is worth more."""
_PAGE_SHARE: Final = 1 / 3
"""Of the budget that a page has: a window of a page and a half fits beside what else it holds."""
_FIRST_AFTER: Final = 96
"""Tokens after the cursor's line at a new place, which are all that a jump within a page costs …"""
_MOST_AFTER: Final = 256
"""… and the most of them, when nobody waits."""


@frozen(kw_only=True)
class CompletionRequest:
    """A request as far as it is decided."""

    view: View
    decision: Decision
    """Its context is what may have to be read while somebody waits."""
    patient: Decision
    """Its context is what the prompt may have, read already or not."""
    fim: FimTokens
    began: float
    """Arrival, in seconds of ``time.monotonic``."""
    waited_ms: float = 0.0
    """What it waited, in milliseconds, for an earlier generation that then said something else."""
    said: str = ""
    """The beginning of the answer, where an earlier generation was cut or ended in the middle."""
    parts: int = 0
    """Generations that were cut before this one."""


async def kept_window(asked: CompletionRequest, bench: Workbench) -> Window | None:
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


async def _kept(asked: CompletionRequest, previous: Window, bench: Workbench) -> Window | None:
    view, count = asked.view, bench.counter
    budget = prompt_tokens(bench.engine, asked.patient)
    kept = keep_window(view, previous, budget, count)
    if kept is not None and kept.anchor_line == previous.anchor_line:
        return kept  # what is not counted yet is counted as too much
    if previous.tokens > budget or follow(view, previous) is None:
        return None  # all the lines in between would be counted for nothing
    await learn_typed(view, previous, count)
    return keep_window(view, previous, budget, count)


async def choose_window(
    asked: CompletionRequest, bench: Workbench, tree: SyntaxTree | None
) -> tuple[Window, str]:
    """Choose a window anew for somebody who waits, and say why it is no more.

    It is a page's, as far as that is read already, or else what stands nearest.

    Raises:
        EngineError: The engine is gone.
    """
    budget, most = (prompt_tokens(bench.engine, one) for one in (asked.decision, asked.patient))
    related, page = _related_before(asked.view, bench), await _page(asked, bench)
    for after in (_after(most), min(_FIRST_AFTER, _after(most))):
        window = await _page_window(asked, bench, page, related, after)
        prompt = infill_prompt(window, asked.fim)
        (unread,) = await bench.engine.unread(asked.decision.lane, [prompt])
        if unread <= budget and asked.view.uri not in bench.related:
            room = min(int(most * _RELATED_SHARE), budget - unread)
            related = await _related(asked, bench, tree, related, room)
            window = await _page_window(asked, bench, page, related, after)
        if unread <= budget:
            return evolve(window, whole=False), ""
    why = f"{budget:,} tokens now, {most:,} when you pause"
    return evolve(await _near_window(asked, bench, tree), whole=False), why


async def choose_whole_window(
    asked: CompletionRequest, bench: Workbench, tree: SyntaxTree | None
) -> Window:
    """Choose a window anew, with all that the mode may have, while nobody waits.

    Raises:
        EngineError: The engine is gone.
    """
    budget = prompt_tokens(bench.engine, asked.patient)
    before = _related_before(asked.view, bench)
    related = await _related(asked, bench, tree, before, int(budget * _RELATED_SHARE))
    page = await _page(asked, bench)
    return await _page_window(asked, bench, page, related, _after(budget))


async def _page(asked: CompletionRequest, bench: Workbench) -> Page:
    """Return the cursor's page."""
    view, tokens = asked.view, page_tokens(bench, asked.patient)
    return await asyncio.to_thread(page_at, view.lines, view.line, tokens)


async def _page_window(
    asked: CompletionRequest, bench: Workbench, page: Page, related: Related, after: int
) -> Window:
    """Return the window of the cursor's page, with ``after`` tokens behind the cursor's line."""
    view, budget = asked.view, prompt_tokens(bench.engine, asked.patient)
    room = TokenRoom(max(0, int(budget * FILL_SHARE) - after - related.tokens), after)
    return await _window(view, plan_page(view, page, room), room, related, bench.counter)


async def _near_window(
    asked: CompletionRequest, bench: Workbench, tree: SyntaxTree | None
) -> Window:
    """Return the window of what stands nearest, as far as somebody can wait for it."""
    view, budget = asked.view, prompt_tokens(bench.engine, asked.decision)
    related = Related()
    if budget >= _ROOM_FOR_RELATED:
        before = _related_before(view, bench)
        related = await _related(asked, bench, tree, before, int(budget * _RELATED_SHARE))
    budget -= related.tokens
    after = int(budget * AFTER_SHARE)
    room = TokenRoom(budget - after - _MARKERS, after)
    plan = plan_nearest(view, room)
    if tree is not None:
        plan = await asyncio.to_thread(plan_syntax, view, tree, room)
    return await _window(view, plan, room, related, bench.counter)


async def _window(
    view: View, plan: WindowPlan, room: TokenRoom, related: Related, count: TokenCounter
) -> Window:
    """Return the window of a plan, as far as there is room beside the cursor's line."""
    needed = (with_lf(view.lines[number]) for number in plan.numbers())
    await count.learn((*needed, view.line_before, view.line_after, view.line_after + "\n"))
    cursor_line = count(view.line_before) + count(view.line_after)
    room = evolve(room, before=max(0, room.before - cursor_line))
    return new_window(view, choose_lines(view, plan, room, count), count, related)


def _after(budget: int) -> int:
    """Return the tokens for what follows the cursor's line."""
    return min(int(budget * AFTER_SHARE), _MOST_AFTER)


def _related_before(view: View, bench: Workbench) -> Related:
    """Return the pieces of other files that the file's pages were read with."""
    related = bench.related.get(view.uri, Related())
    shown = all(bench.elsewhere.shows(snippet.path) for snippet in related.snippets)
    return related if shown else Related()


async def _related(
    asked: CompletionRequest,
    bench: Workbench,
    tree: SyntaxTree | None,
    before: Related,
    budget: int,
) -> Related:
    """Choose pieces of other files within a budget of tokens, the same as before if they serve."""
    view, count, elsewhere = asked.view, bench.counter, bench.elsewhere
    path = elsewhere.key(bench.names.place(view.path))
    if path is None or asked.fim.file_separator is None:
        return Related()
    candidates = await elsewhere.candidates(view, tree, path)
    await count.learn(texts_to_count(candidates, path))
    limits = Limits(
        path=path,
        around=lines_near(view),
        budget=budget,
        count=count,
        allowed=elsewhere.shows,
    )
    return await asyncio.to_thread(choose_related, candidates, before, limits)


async def learn_typed(view: View, window: Window, count: TokenCounter) -> None:
    """Learn to count what was typed since the anchor."""
    lines = map(with_lf, view.lines[window.anchor_line : view.line])
    await count.learn((*lines, view.line_before))


def page_tokens(bench: Workbench, decision: Decision) -> int:
    """Return the tokens of a page: a mode's pages stay where they are, whatever narrows it."""
    return max(1, int(bench.profiles[decision.mode].context_tokens * _PAGE_SHARE))


def prompt_tokens(engine: Engine, decision: Decision) -> int:
    """The budget's prompt tokens, or what the lane has room for beside markers and answer."""
    budget = decision.budget
    beside = budget.output_tokens + _MARKERS
    room = [lane.context_tokens - beside for lane in engine.lanes if lane.name == decision.lane]
    return min([budget.context_tokens, *room])
