"""Starts a generation at a view: window, prompt, request, end detector; and records its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from attrs import evolve

from leanwide.context.view import View
from leanwide.context.window import Window
from leanwide.engine.base import Engine
from leanwide.engine.requests import CancelToken, Finished, FinishReason, Priority, Request
from leanwide.features.completion.generation import FindEnd, Generation
from leanwide.features.completion.request import CompletionRequest
from leanwide.features.completion.state import CompletionState
from leanwide.features.completion.suggestions import MAX_PARTS, AnswerEnd, Suggestion
from leanwide.features.completion.window import choose_window, kept_window, prompt_tokens
from leanwide.features.journal import AnswerSource, Generated, model_record, no_cost_record
from leanwide.postprocess.filter_context import FilterContext
from leanwide.postprocess.filters import filtered, joined
from leanwide.postprocess.partial import whole_lines
from leanwide.postprocess.repetition import loop_start
from leanwide.prompt.infill import infill_prompt, readable
from leanwide.syntax import SyntaxTree, completed_length, completion_shape, plain_length

FindTree = Callable[[View], Awaitable[SyntaxTree | None]]
"""Returns the syntax tree of a view; None for a language without a grammar."""

_LONGEST_MS: Final = 60_000.0
"""Milliseconds for which an answer may grow. What is there is shown long before."""
_CUT: Final = (FinishReason.DEADLINE, FinishReason.LENGTH)
_NO_ROOM: Final = "silent because the line is longer than the context"


async def start_interactive(
    request: CompletionRequest, state: CompletionState, cancel: CancelToken
) -> Generation | None:
    """Start to generate for a request, in place of every other generation.

    Returns None where the request is superseded by then, or its line has no room.

    Raises:
        EngineError: The engine is gone.
    """
    if request.began < state.newest_began:
        return None  # a later one was faster to learn that its document may be sent
    state.newest_began = request.began
    state.request_serial += 1
    serial = state.request_serial
    state.cancel_all()  # now: they would compete for the processor with what follows
    trees, view = state.session.trees, request.view
    window = await kept_window(request, state)
    if window is None:
        window, reason = await choose_window(request, state, await trees.near(view))
        reasons = ", ".join(filter(None, (request.decision.reason, reason)))
        request = evolve(request, decision=evolve(request.decision, reason=reasons))
    if cancel.cancelled or serial != state.request_serial:
        return None
    fitted = _fitted(request, window, state.session.backend.engine)
    if fitted is None:
        record = no_cost_record(
            request.decision, AnswerSource.NONE, _NO_ROOM, request.began, request.waited_ms
        )
        state.session.journal.add(record)
        return None
    asked = _engine_request(fitted, window, Priority.INTERACTIVE)
    generation = _start(fitted, asked, window, trees.here, state)
    state.cancel_all()  # what began meanwhile
    state.running = generation
    state.windows[view.uri] = window
    return generation


async def start_prefetch(request: CompletionRequest, state: CompletionState) -> None:
    """Start to generate what may be asked for next, in place of an earlier prefetch.

    Raises:
        EngineError: The engine is gone.
    """
    serial = state.request_serial
    state.cancel_prefetch()
    trees, view = state.session.trees, request.view
    window = await kept_window(request, state)
    if window is None:
        window, _ = await choose_window(request, state, await trees.near_ahead(view))
    if serial != state.request_serial:
        return
    fitted = _fitted(request, window, state.session.backend.engine)
    if fitted is not None:
        asked = _engine_request(fitted, window, Priority.BACKGROUND)
        generation = _start(fitted, asked, window, trees.here_ahead, state)
        state.cancel_prefetch()  # what began meanwhile
        state.prefetched = generation


def _fitted(request: CompletionRequest, window: Window, engine: Engine) -> CompletionRequest | None:
    """Return the request, without what was said where that has no room; None without any room."""
    spent = window.tokens + request.count(window.typed)
    room = prompt_tokens(engine, request.full_decision) - spent
    if room < 0:
        return None
    return request if len(request.said.encode()) <= room else evolve(request, said="")


def _engine_request(request: CompletionRequest, window: Window, priority: Priority) -> Request:
    return Request(
        lane=request.decision.lane,
        prompt=infill_prompt(evolve(window, typed=window.typed + request.said), request.fim),
        priority=priority,
        max_tokens=request.decision.budget.output_tokens,
        deadline_ms=_LONGEST_MS,
        heal=True,
        avoided=request.avoided,
    )


def _start(
    request: CompletionRequest,
    asked: Request,
    window: Window,
    find_tree: FindTree,
    state: CompletionState,
) -> Generation:
    token = CancelToken()
    return Generation(
        request,
        state.session.backend.engine.generate(asked, token),
        token,
        partial(_detector, request, window, find_tree, state.running, token),
        partial(_record, request, asked, state),
    )


async def _detector(
    request: CompletionRequest,
    window: Window,
    find_tree: FindTree,
    superseded: Generation | None,
    cancel: CancelToken,
) -> FindEnd | None:
    """Return what finds the end of the completion; None once that is cancelled.

    The engine has its request before this runs. Waits for the superseded generation's final event
    first, so that its text is recorded; parsing a long file again is slow.
    """
    if superseded is not None:
        await superseded.finished()
    if cancel.cancelled:
        return None
    tree = await find_tree(request.view)
    return await _end_finder(request.view, window, tree)


async def _end_finder(view: View, window: Window, tree: SyntaxTree | None) -> FindEnd:
    """Return what finds the end of a completion: by syntax, without a tree by lines; or at a loop.

    The window is the one whose text the model reads.
    """
    before = window.before + window.typed
    known = (before, window.after)
    if tree is None:
        ends: FindEnd = partial(plain_length, shape="line" if view.line_before.strip() else "block")
    else:
        shape = await asyncio.to_thread(completion_shape, tree, (view.line, view.column))
        ends = partial(completed_length, tree.language, before, after=window.after, shape=shape)
        await asyncio.to_thread(ends, "")  # scans the text before, and remembers the result

    def find_end(text: str) -> int | None:
        end = ends(text)
        return loop_start(text, known) if end is None else end

    return find_end


def _record(
    request: CompletionRequest,
    asked: Request,
    state: CompletionState,
    generation: Generation,
    finished: Finished,
) -> Suggestion | None:
    """Remember what a generation said and what it cost; return its answer, if it is of use."""
    session = state.session
    suggestion = _suggestion(request, generation, finished, state.filter_context(request.view))
    whole = suggestion.ended is AnswerEnd.WHOLE
    useful = (whole or suggestion.text != "") and not generation.abandoned
    if useful:
        state.suggestions.add(suggestion)
        more = (generation.shown or request.parts) and suggestion.shown != generation.shown
        if more and state.last_asked is not None and generation.agrees_with(state.last_asked):
            state.notify_more(state.last_asked)  # the client still shows the beginning of it
    prefetched = asked.priority is Priority.BACKGROUND
    if not (prefetched or generation.abandoned):
        # Background work is interrupted: its times say nothing about the speed.
        session.learn(finished.stats)
    queue_ms = finished.stats.queue_ms + request.waited_ms
    generated = Generated(
        stats=evolve(finished.stats, queue_ms=queue_ms),
        prompt=readable(asked.prompt, request.fim),
        answer=suggestion.shown.replace("\n", request.view.newline),
        why_ended="complete" if generation.complete else finished.reason,
        source=AnswerSource.AHEAD if prefetched else AnswerSource.MODEL,
    )
    session.journal.add(model_record(request.decision, generated, request.began))
    return suggestion if useful else None


def _suggestion(
    request: CompletionRequest, generation: Generation, finished: Finished, context: FilterContext
) -> Suggestion:
    """Return a generation's answer, cut to what is remembered of it."""
    text, ended, parts = generation.text, _how_ended(generation, finished), request.parts + 1
    shown = generation.shown
    if ended is AnswerEnd.CUT:
        text = whole_lines(text)
        ended = AnswerEnd.WHOLE if parts == MAX_PARTS else ended
    if ended is not AnswerEnd.BROKEN_OFF:
        text = joined(text, context)
        shown = filtered(text, context)
    if request.avoided and not shown:
        text = ""  # it is asked once more only
    suggestion = Suggestion(
        view=request.view,
        text=text,
        shown=shown,
        decision=request.decision,
        ended=ended,
        parts=parts,
    )
    return suggestion.keeping(generation.shown)


def _how_ended(generation: Generation, finished: Finished) -> AnswerEnd:
    if generation.complete:
        return AnswerEnd.WHOLE
    if finished.reason is FinishReason.CANCELLED:
        return AnswerEnd.BROKEN_OFF
    return AnswerEnd.CUT if finished.reason in _CUT else AnswerEnd.WHOLE
