"""Chooses the window of a request: the document's last one while it fits, or a new one.

A request that waits gets the window of the cursor's page where most of it is in the KV cache, and
otherwise what can be prefilled in time. Related snippets belong to the file: another choice changes
the beginning of all its prompts, so it is made while no request waits.
"""

from __future__ import annotations

import asyncio
from typing import Final

from attrs import evolve, frozen

from leanwide.context.earlier import earlier_views
from leanwide.context.lines import choose_lines
from leanwide.context.pages import Page, code_of, page_at
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
    moved_to,
    new_window,
)
from leanwide.engine.base import Engine
from leanwide.features.completion.request import CompletionRequest
from leanwide.features.completion.saved_places import saved_window
from leanwide.features.completion.state import CompletionState
from leanwide.features.session import Session
from leanwide.features.token_counter import TokenCounter
from leanwide.modes.profile import Decision
from leanwide.prompt.infill import infill_prompt
from leanwide.syntax import SyntaxTree

_MARKER_TOKENS: Final = 8
"""Tokens of a prompt that are not text: FIM markers and a possible BOS."""
_RELATED_SHARE: Final = 0.25
"""Share of the budget that related snippets may take; what they leave is the window's."""
_MIN_BUDGET_WITH_RELATED: Final = 512
"""With fewer tokens all of them are for the file itself: text in its place is worth more."""
_PAGE_SHARE: Final = 0.27
"""Of the budget, for a page: at 97 % of the lines of 20 files of the standard library the page and
the one before it fit next to what else a window holds; with 0.3 at 91 %, with 1/3 at 80 %."""
_CHARACTERS_PER_TOKEN: Final = 3.0
"""Of a text that is too short to tell."""
_DENSITY_STEP: Final = 0.5
"""Characters per token are rounded to this: pages need no exact length, and must not move."""
_MIN_MEASURED: Final = 1_000
"""Characters of a text that tell how many a token has …"""
_MAX_MEASURED: Final = 20_000
"""… and the most that are counted for it."""
_MIN_AFTER: Final = 96
"""Tokens after the cursor's line that a new place begins with on a slow machine: in a prefilled
page they are all that a jump costs …"""
_MAX_AFTER: Final = 256
"""… and the most of them, on a fast machine or while no request waits."""
_FAST: Final = 2
"""A machine is fast where this many times the most of them can be prefilled in time."""
_EARLIER: Final = "the text far above is the one before your last edits, until you pause"


async def kept_window(request: CompletionRequest, state: CompletionState) -> Window | None:
    """Return the document's last window, with what was typed since; None where it does not fit.

    Where that of this session does not fit, one that an earlier session saved may.

    Raises:
        EngineError: The engine is gone.
    """
    view, engine = request.view, state.session.backend.engine
    state.forget_windows_of_other_models(engine.model(request.decision.lane))
    last = state.windows.get(view.uri)
    window = await _continued(request, last, engine) if last is not None else None
    if window is None and (saved := await saved_window(view, state.saved)) is not None:
        return await _continued(request, saved, engine)
    return window


async def _continued(request: CompletionRequest, last: Window, engine: Engine) -> Window | None:
    """Return a window with what was typed since; None where it does not fit any more."""
    view, count = request.view, request.count
    budget = prompt_tokens(engine, request.full_decision)
    kept = keep_window(view, last, budget, count)
    if kept is not None and kept.anchor_line == last.anchor_line:
        return kept  # lines that are not counted yet are counted as too many tokens
    if last.tokens > budget or follow(view, last) is None:
        return None  # all the lines in between would be counted for nothing
    await learn_typed(view, last, count)
    return keep_window(view, last, budget, count)


async def choose_window(
    request: CompletionRequest, state: CompletionState, tree: SyntaxTree | None
) -> tuple[Window, str]:
    """Choose a new window for a request that waits, and say why it is no larger.

    It is the page's, as far as that is in the KV cache, be it with an earlier text above the last
    edits, or else what stands nearest.

    Raises:
        EngineError: The engine is gone.
    """
    engine, view = state.session.backend.engine, request.view
    now = await _page_window_in_time(request, state, tree)
    least = now.unread // 2 if now is not None else prompt_tokens(engine, request.decision)
    if now is None or now.slow:
        texts = state.prefilled.get(view.uri, ())
        for earlier in await asyncio.to_thread(earlier_views, view, texts):
            then = await _page_window_in_time(evolve(request, view=earlier), state, None)
            if then is not None and then.unread <= least:
                return moved_to(view, then.window), _EARLIER
    if now is not None:
        return now.window, ""
    budget = prompt_tokens(engine, request.decision)
    full = prompt_tokens(engine, request.full_decision)
    window = await _nearest_window(request, state, tree)
    return evolve(window, whole=False), f"{budget:,} tokens now, {full:,} when you pause"


@frozen(kw_only=True)
class _InTime:
    """A window whose prompt a request can wait for."""

    window: Window
    unread: int
    """Tokens that are not in the KV cache."""
    slow: bool
    """Whether to look for one that costs less."""


async def _page_window_in_time(
    request: CompletionRequest, state: CompletionState, tree: SyntaxTree | None
) -> _InTime | None:
    """Return the window of the cursor's page; None where a request cannot wait for its prompt.

    On a slow machine a jump to a prefilled page begins with little text after the cursor, which is
    its cost.

    Raises:
        EngineError: The engine is gone.
    """
    session, view = state.session, request.view
    engine = session.backend.engine
    budget = prompt_tokens(engine, request.decision)
    full = prompt_tokens(engine, request.full_decision)
    related = _current_related(view, state)
    page = await page_of(request, state)
    least = min(_MIN_AFTER, _after(full))
    slow = _FAST * _after(full) > budget
    for after in (_after(full), least):
        window = await _page_window(request, engine, page, related, after)
        prompt = infill_prompt(window, request.fim)
        (unread,) = await engine.unread(request.decision.lane, [prompt])
        skipped = slow and after > least and least < unread <= window.tokens // 2
        if unread > budget or skipped:
            continue
        if view.uri not in state.related:
            room = min(int(full * _RELATED_SHARE), budget - unread)
            related = await _choose_related(request, session, tree, related, room)
            window = await _page_window(request, engine, page, related, after)
        window = evolve(window, whole=False)
        return _InTime(window=window, unread=unread, slow=slow and unread > 2 * least)
    return None


async def choose_whole_window(
    request: CompletionRequest, state: CompletionState, tree: SyntaxTree | None
) -> Window:
    """Choose a new window with all that the mode may have, while no request waits.

    Raises:
        EngineError: The engine is gone.
    """
    session = state.session
    budget = prompt_tokens(session.backend.engine, request.full_decision)
    related = await choose_whole_related(request, state, tree)
    page = await page_of(request, state)
    return await _page_window(request, session.backend.engine, page, related, _after(budget))


async def choose_whole_related(
    request: CompletionRequest, state: CompletionState, tree: SyntaxTree | None
) -> Related:
    """Choose the snippets in front of a file's pages, while no request waits.

    Raises:
        EngineError: The engine is gone.
    """
    budget = prompt_tokens(state.session.backend.engine, request.full_decision)
    current = _current_related(request.view, state)
    room = int(budget * _RELATED_SHARE)
    return await _choose_related(request, state.session, tree, current, room)


async def page_of(request: CompletionRequest, state: CompletionState) -> Page:
    """Return the cursor's page."""
    view, characters = request.view, await page_characters(request, state)
    return await asyncio.to_thread(page_at, view.lines, view.line, characters)


async def page_characters(request: CompletionRequest, state: CompletionState) -> int:
    """Return the characters of a page, by the mode's profile: a narrowed budget moves no page.

    Raises:
        EngineError: The engine is gone.
    """
    profile = state.session.profiles[request.full_decision.mode]
    uri, lines = request.view.uri, request.view.lines
    if (density := state.densities.get(uri)) is None:
        density = _CHARACTERS_PER_TOKEN
        text = await asyncio.to_thread(code_of, lines, _MAX_MEASURED)
        if len(text) >= _MIN_MEASURED:
            await request.count.learn([text])
            steps = len(text) / max(1, request.count(text)) / _DENSITY_STEP
            density = state.densities[uri] = _DENSITY_STEP * max(1, round(steps))
    return max(1, int(profile.context_tokens * _PAGE_SHARE * density))


async def _page_window(
    request: CompletionRequest, engine: Engine, page: Page, related: Related, after: int
) -> Window:
    """Return the window of a page, with ``after`` tokens behind the cursor's line.

    Where it begins does not depend on them.
    """
    view, budget = request.view, prompt_tokens(engine, request.full_decision)
    before = int(budget * FILL_SHARE) - _after(budget) - related.tokens
    room = TokenRoom(max(0, before), after)
    return await _window(view, plan_page(view, page, room), room, related, request.count)


async def _nearest_window(
    request: CompletionRequest, state: CompletionState, tree: SyntaxTree | None
) -> Window:
    """Return the window of what stands nearest, as far as a request can wait for it."""
    view, session = request.view, state.session
    budget = prompt_tokens(session.backend.engine, request.decision)
    related = Related()
    if budget >= _MIN_BUDGET_WITH_RELATED:
        current = _current_related(view, state)
        room_for_related = int(budget * _RELATED_SHARE)
        related = await _choose_related(request, session, tree, current, room_for_related)
    budget -= related.tokens
    after = int(budget * AFTER_SHARE)
    room = TokenRoom(budget - after - _MARKER_TOKENS, after)
    plan = plan_nearest(view, room)
    if tree is not None:
        plan = await asyncio.to_thread(plan_syntax, view, tree, room)
    return await _window(view, plan, room, related, request.count)


async def _window(
    view: View, plan: WindowPlan, room: TokenRoom, related: Related, count: TokenCounter
) -> Window:
    """Return the window of a plan, as far as there is room besides the cursor's line."""
    needed = (with_lf(view.lines[number]) for number in plan.numbers())
    await count.learn((*needed, view.line_before, view.line_after, view.line_after + "\n"))
    cursor_line = count(view.line_before) + count(view.line_after)
    room = evolve(room, before=max(0, room.before - cursor_line))
    return new_window(view, choose_lines(view, plan, room, count), count, related)


def _after(budget: int) -> int:
    """Return the tokens for what follows the cursor's line."""
    return min(int(budget * AFTER_SHARE), _MAX_AFTER)


def _current_related(view: View, state: CompletionState) -> Related:
    """Return the snippets that the file's pages were prefilled with, if all may be shown still."""
    related = state.related.get(view.uri, Related())
    shows = state.session.workspace.shows
    return related if all(shows(snippet.path) for snippet in related.snippets) else Related()


async def _choose_related(
    request: CompletionRequest,
    session: Session,
    tree: SyntaxTree | None,
    current: Related,
    budget: int,
) -> Related:
    """Choose related snippets within a budget of tokens; the current ones if they serve."""
    view, count, workspace = request.view, request.count, session.workspace
    path = workspace.key(session.names.place(view.path))
    if path is None or request.fim.file_separator is None:
        return Related()
    candidates = await workspace.candidates(view, tree, path)
    await count.learn(texts_to_count(candidates, path))
    limits = Limits(
        path=path,
        around=lines_near(view),
        budget=budget,
        count=count,
        allowed=workspace.shows,
    )
    return await asyncio.to_thread(choose_related, candidates, current, limits)


async def learn_typed(view: View, window: Window, count: TokenCounter) -> None:
    """Learn to count what was typed since the anchor."""
    lines = map(with_lf, view.lines[window.anchor_line : view.line])
    await count.learn((*lines, view.line_before))


def prompt_tokens(engine: Engine, decision: Decision) -> int:
    """Return the budget's prompt tokens, or what the lane holds besides markers and answer."""
    budget = decision.budget
    reserved = budget.output_tokens + _MARKER_TOKENS
    lanes = [lane.context_tokens for lane in engine.lanes if lane.name == decision.lane]
    return min([budget.context_tokens, *[tokens - reserved for tokens in lanes]])
