"""Starts a generation for a view: window, prompt, request, tree; and settles it when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from attrs import evolve

from leanwide.context.view import View
from leanwide.context.window import Window
from leanwide.engine.base import CancelToken, Finished, FinishReason, Priority, Request
from leanwide.features.completion.generation import Closes, Generation
from leanwide.features.completion.suggestions import MOST_PARTS, AnswerEnd, Suggestion
from leanwide.features.completion.window import (
    CompletionRequest,
    choose_window,
    kept_window,
    prompt_tokens,
)
from leanwide.features.journal import (
    AnswerSource,
    GenerationRecord,
    Record,
    free_record,
    model_record,
)
from leanwide.features.session import Workbench
from leanwide.postprocess.filters import joined, shape
from leanwide.postprocess.partial import whole_lines
from leanwide.postprocess.repetition import loop_start
from leanwide.prompt.infill import infill_prompt, readable
from leanwide.syntax import SyntaxTree, completed_length
from leanwide.syntax import completion_shape as syntax_shape

FindTree = Callable[[View], Awaitable[SyntaxTree | None]]
"""Gives the syntax tree of a view; None for a language without a grammar."""

_LONGEST_MS: Final = 60_000.0
"""Milliseconds for which an answer may grow. What is there is shown long before."""
_CUT_SHORT: Final = (FinishReason.DEADLINE, FinishReason.LENGTH)


async def start_generation(
    asked: CompletionRequest, bench: Workbench, priority: Priority, cancel: CancelToken
) -> Generation | None:
    """Start to generate at the view; None where that is outdated by now or the line has no room.

    An interactive generation ends the one before it; a background one only what runs ahead.

    Raises:
        EngineError: The engine is gone.
    """
    ahead = priority is Priority.BACKGROUND
    bench.questions += not ahead
    question = bench.questions
    make_way = bench.end_ahead if ahead else bench.end_all
    make_way()  # at once: a generation that nobody needs takes the processor from what follows
    trees = bench.trees
    near, here = (trees.near_ahead, trees.here_ahead) if ahead else (trees.near, trees.here)
    window = await kept_window(asked, bench)
    if window is None:
        window, why = await choose_window(asked, bench, await near(asked.view))
        asked = _because(asked, why)
    if cancel.cancelled or question != bench.questions:
        return None
    spent = window.tokens + bench.counter(window.typed)
    room = prompt_tokens(bench.engine, asked.patient) - spent
    if room < 0:
        if not ahead:  # nobody asked
            bench.journal.add(_no_room(asked))
        return None
    if len(asked.said.encode()) > room:
        asked = evolve(asked, said="")
    request = Request(
        lane=asked.decision.lane,
        prompt=infill_prompt(evolve(window, typed=window.typed + asked.said), asked.fim),
        priority=priority,
        max_tokens=asked.decision.budget.output_tokens,
        deadline_ms=_LONGEST_MS,
        heal=True,
    )
    token = CancelToken()
    generation = Generation(
        asked.view,
        bench.engine.generate(request, token),
        token,
        partial(_closes, token, bench.running, asked.view, window, here),
        lambda ended: settle(ended, asked, request, bench),
        asked.said,
    )
    make_way()  # for what began meanwhile
    if ahead:
        bench.ahead = generation
        return generation
    bench.running = generation
    bench.windows[asked.view.uri] = window
    return generation


def _because(asked: CompletionRequest, why: str) -> CompletionRequest:
    """Return the same with one more reason for its budget."""
    reasons = ", ".join(filter(None, (asked.decision.reason, why)))
    return evolve(asked, decision=evolve(asked.decision, reason=reasons))


def _no_room(asked: CompletionRequest) -> Record:
    why = "silent because the line is longer than the context"
    return free_record(asked.decision, AnswerSource.NONE, why, asked.began, asked.waited_ms)


async def _closes(
    cancel: CancelToken,
    previous: Generation | None,
    view: View,
    window: Window,
    find_tree: FindTree,
) -> Closes | None:
    """Give the function that finds the end of what the completion completes; None once cancelled.

    The engine has its request before this runs, and the last words of the generation that made way
    are heard: reading a long file anew takes a while.
    """
    if previous is not None:
        await previous.heard()
    if cancel.cancelled:  # whoever takes its text up finds the end
        return None
    tree = await find_tree(view)
    if tree is None:
        ends = _first_line if view.line_before.strip() else _first_paragraph
    else:
        before = window.before + window.typed
        kind = await asyncio.to_thread(syntax_shape, tree, (view.line, view.column))
        language = tree.language

        def ends(text: str) -> int | None:
            return completed_length(language, before, text, window.after, shape=kind)

        await asyncio.to_thread(ends, "")  # what stands before is read once

    def closes(text: str) -> int | None:
        end = ends(text)
        return loop_start(text) if end is None else end

    return closes


def _tell_more(generation: Generation, bench: Workbench) -> None:
    if bench.asked_at is not None and generation.agrees_with(bench.asked_at):
        bench.tell_more(bench.asked_at)


def _how_ended(generation: Generation, finished: Finished) -> AnswerEnd:
    if generation.complete:
        return AnswerEnd.WHOLE
    if finished.reason is FinishReason.CANCELLED:
        return AnswerEnd.BROKEN_OFF
    return AnswerEnd.CUT if finished.reason in _CUT_SHORT else AnswerEnd.WHOLE


def _first_line(text: str) -> int | None:
    end = text.find("\n")
    return end if end >= 0 else None


def _first_paragraph(text: str) -> int | None:
    end = text.find("\n\n", len(text) - len(text.lstrip()))
    return end if end >= 0 else None


def settle(
    generation: Generation, asked: CompletionRequest, request: Request, bench: Workbench
) -> None:
    """Remember what a generation said and what it cost, when it has ended."""
    finished = generation.finished
    if finished is None:
        return
    text, ended, parts = generation.text, _how_ended(generation, finished), asked.parts + 1
    if ended is AnswerEnd.CUT:
        text = whole_lines(text)
        ended = AnswerEnd.WHOLE if parts == MOST_PARTS else ended
    if ended is not AnswerEnd.BROKEN_OFF:
        text = joined(text, bench.setting(asked.view))
    if (ended is AnswerEnd.WHOLE or text) and not generation.abandoned:
        bench.suggestions.add(Suggestion(asked.view, text, ended, parts))
        if generation.has_news or (asked.parts and len(text) > len(asked.said)):
            _tell_more(generation, bench)
    ahead = request.priority is Priority.BACKGROUND
    if not ahead:  # work that gives way to everything tells nothing of the speed
        bench.learn(finished.stats)
    said = GenerationRecord(
        source=AnswerSource.AHEAD if ahead else AnswerSource.MODEL,
        prompt=readable(request.prompt, asked.fim),
        answer=shape(text, bench.setting(asked.view)),
        why_ended="complete" if generation.complete else finished.reason,
    )
    queue_ms = finished.stats.queue_ms + asked.waited_ms
    stats = evolve(finished.stats, queue_ms=queue_ms)
    bench.journal.add(model_record(asked.decision, said, stats, asked.began))
