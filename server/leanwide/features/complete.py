"""Inline completion: from a view to the text that belongs at its cursor."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

from leanwide.context.view import View
from leanwide.context.window import Window, build_window, lines_in_reach
from leanwide.engine.base import (
    CancelToken,
    Engine,
    EngineError,
    Finished,
    FinishReason,
    Piece,
    Priority,
    Request,
    Stats,
)
from leanwide.features.counting import TokenCounter
from leanwide.features.journal import Journal, record
from leanwide.modes.profile import Decision, Mode, Profile
from leanwide.modes.router import Signals, Task, route
from leanwide.prompt.infill import infill_prompt, readable
from leanwide.shape.filters import shape

_MARKERS: Final = 8
"""Tokens of a prompt that are not text: FIM markers and a possible beginning of sequence."""


@frozen(kw_only=True)
class Workbench:
    """What requests share: the engine and what was learned from earlier ones."""

    engine: Engine
    profiles: Mapping[Mode, Profile]
    counter: TokenCounter
    journal: Journal
    windows: dict[str, Window] = field(factory=dict)
    """The last window of every open document, by URI."""


def workbench(engine: Engine, profiles: Mapping[Mode, Profile]) -> Workbench:
    """Set up an empty workbench."""
    return Workbench(
        engine=engine, profiles=profiles, counter=TokenCounter(engine), journal=Journal()
    )


@frozen(kw_only=True)
class Completion:
    """Text to insert at the cursor, and what it took."""

    text: str
    decision: Decision
    stats: Stats
    ms: float
    """From the call to the answer."""


async def complete(view: View, bench: Workbench, cancel: CancelToken) -> Completion | None:
    """Complete at the view's cursor; None where there is nothing to say.

    Raises:
        EngineError: No model is loaded, it has no FIM tokens, or the engine died.
    """
    began = time.monotonic()
    model = bench.engine.model
    if model is None:
        raise EngineError("no model is loaded")
    if model.fim is None:
        raise EngineError(f"{model.name} has no fill-in-the-middle tokens: completions are off")
    signals = Signals(text_after_cursor=view.has_text_after)
    decision = route(Task.INLINE_COMPLETION, signals, bench.profiles)
    window = await _window(view, bench, decision)
    if cancel.cancelled:
        return None
    prompt = infill_prompt(window, model.fim)
    request = Request(
        lane=decision.lane,
        prompt=prompt,
        priority=Priority.INTERACTIVE,
        max_tokens=decision.budget.output_tokens,
        deadline_ms=decision.budget.deadline_ms,
        stops=("\n",) if view.has_text_after else ("\n\n",),
        heal=True,
    )
    raw, finished = await _generate(request, bench.engine, cancel)
    text = "" if finished.reason is FinishReason.CANCELLED else shape(raw, view)
    ms = 1000 * (time.monotonic() - began)
    shown = readable(prompt, model.fim)
    bench.journal.add(record(decision, shown, text, finished.reason, finished.stats, ms))
    if not text:
        return None
    return Completion(text=text, decision=decision, stats=finished.stats, ms=ms)


async def _window(view: View, bench: Workbench, decision: Decision) -> Window:
    """The window around the cursor, close to the document's last one."""
    context_tokens = _context_tokens(bench.engine, decision)
    reach = lines_in_reach(view, context_tokens)
    await bench.counter.learn((*reach, view.line_before, view.line_after))
    window = build_window(view, bench.windows.get(view.uri), context_tokens, bench.counter)
    bench.windows[view.uri] = window
    return window


def _context_tokens(engine: Engine, decision: Decision) -> int:
    """The budget's prompt tokens, or what the lane has room for beside markers and answer."""
    budget = decision.budget
    room = [lane.context_tokens for lane in engine.lanes if lane.name == decision.lane]
    beside = budget.output_tokens + _MARKERS
    return min([budget.context_tokens, *(tokens - beside for tokens in room)])


async def _generate(request: Request, engine: Engine, cancel: CancelToken) -> tuple[str, Finished]:
    text = ""
    async for event in engine.generate(request, cancel):
        if isinstance(event, Piece):
            text += event.text
        else:
            return text, event
    raise EngineError("the engine ended without a result")
