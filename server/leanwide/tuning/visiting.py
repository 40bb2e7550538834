"""Makes one visit at one setting as the server serves it: completions, idle state, learned speed.

The true text is scored after the visit, behind the prompt that each request had: scored in between,
it would fill the KV cache and take time that the visit measures.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from attrs import evolve, frozen

from leanwide.context.view import View
from leanwide.context.window import Window, follow
from leanwide.engine.base import Engine
from leanwide.engine.requests import CancelToken
from leanwide.engine.specs import FimTokens
from leanwide.features.completion.complete import complete
from leanwide.features.completion.cursor_rest import cursor_rests
from leanwide.features.completion.generation import Generation
from leanwide.features.completion.request import InlineRequest, fim_tokens
from leanwide.features.completion.state import CompletionState
from leanwide.modes.profile import LEAN
from leanwide.prompt.infill import infill_prompt
from leanwide.tuning.similarity import edit_similarity, first_line
from leanwide.tuning.trial import (
    MAX_TRUTH_TOKENS,
    RequestOutcome,
    TrialBench,
    TrialOutcome,
    TrialSetting,
    evaluate,
    evict_prompts,
    scored,
    with_engine,
)
from leanwide.tuning.visits import CURSOR_REST_S, Step, Visit, VisitMoment

_POLL_S: Final = 0.005
"""Seconds between two checks whether idle work is done."""


@frozen(kw_only=True)
class _RequestNote:
    """A request of a visit, to be scored later."""

    step: Step
    suggestion: str
    ms: float
    window: Window | None
    """The pieces of its prompt; None where leanwide made no request to the engine."""
    generation: Generation | None
    """The generation that it started; None where one was known or running already."""


async def run_visit(visit: Visit, setting: TrialSetting, bench: TrialBench) -> TrialOutcome:
    """Make a visit, then score the true text at each of its requests.

    Raises:
        EngineError: The model cannot be loaded, or has no FIM tokens.
    """
    return await with_engine(setting, bench, lambda engine: _run(visit, setting, bench, engine))


async def _run(
    visit: Visit, setting: TrialSetting, bench: TrialBench, engine: Engine
) -> TrialOutcome:
    await evict_prompts(engine, bench)
    state = bench.new_state(engine, setting)
    fim = fim_tokens(state.session.typing_model)
    before = bench.energy()
    noted: list[_RequestNote] = []
    for step in visit.steps():
        await _go_to(step, noted, state)
        noted.append(await _ask(step, state, bench))
    await _leave(state, noted)
    after = bench.energy()
    bench.machines[setting] = state.session.backend.machine
    return TrialOutcome(
        subject=visit.id,
        setting=setting,
        asked=await _measured(noted, engine, fim),
        joules=None if before is None or after is None else (after - before) / len(noted),
    )


async def _go_to(step: Step, noted: Sequence[_RequestNote], state: CompletionState) -> None:
    """Open the file, move to another place, or pause at the present one and then type."""
    if not noted:
        await state.session.trees.at(step.view)
    elif step.when is VisitMoment.JUMP:
        _change(step.view, state)
        await _rest(step.view, step.wait_s, state)
    else:
        await _rest(noted[-1].step.view, step.wait_s, state)
        _change(step.view, state)


def _change(view: View, state: CompletionState) -> None:
    state.document_changed(view.uri)
    state.session.trees.follow(view)


async def _rest(view: View, seconds: float, state: CompletionState) -> None:
    """Let the cursor rest; as editors do, report its position after ``CURSOR_REST_S``."""
    await _idle(state, min(seconds, CURSOR_REST_S))
    if seconds > CURSOR_REST_S:
        await cursor_rests(view, state)
        await _idle(state, seconds - CURSOR_REST_S)


async def _idle(state: CompletionState, seconds: float) -> None:
    """Wait for at most ``seconds``, and only as long as idle work or a generation runs."""
    end = time.monotonic() + seconds
    while _is_busy(state) and time.monotonic() < end:  # noqa: ASYNC110  # several kinds of tasks
        await asyncio.sleep(_POLL_S)


def _is_busy(state: CompletionState) -> bool:
    generations = (state.running, state.prefetched)
    is_idle = state.idle_work is None or state.idle_work.done()
    return not is_idle or any(run is not None and not run.over for run in generations)


async def _ask(step: Step, state: CompletionState, bench: TrialBench) -> _RequestNote:
    view, before, began = step.view, state.running, time.monotonic()
    if step.when is not VisitMoment.PAUSE:
        await bench.prepare(view, state)
    suggestion = await complete(InlineRequest(view), state, CancelToken())
    ms = 1000 * (time.monotonic() - began)
    window = state.windows.get(view.uri)
    return _RequestNote(
        step=step,
        suggestion=suggestion,
        ms=ms,
        window=None if window is None else follow(view, window),
        generation=None if state.running is before else state.running,
    )


async def _leave(state: CompletionState, noted: Sequence[_RequestNote]) -> None:
    """End all generations and idle state, and wait for their last events."""
    state.cancel_all()
    if state.idle_work is not None:
        await asyncio.wait((state.idle_work,))
    for generation in (state.prefetched, *(note.generation for note in noted)):
        if generation is not None:
            await generation.finished()


async def _measured(
    noted: Sequence[_RequestNote], engine: Engine, fim: FimTokens
) -> tuple[RequestOutcome, ...]:
    """Score the requests of all places at which leanwide asked the engine every time."""
    # In reverse, because the last prompts are still in the KV cache.
    found = [(note.step, await _measure(note, engine, fim)) for note in reversed(noted)]
    skipped = {step.place for step, asked in found if asked is None}
    return tuple(
        asked for step, asked in reversed(found) if asked is not None and step.place not in skipped
    )


async def _measure(noted: _RequestNote, engine: Engine, fim: FimTokens) -> RequestOutcome | None:
    step, generation = noted.step, noted.generation
    (length,) = await engine.count(LEAN, [step.view.line_before + step.truth])
    if noted.window is None or length > MAX_TRUTH_TOKENS:
        return None
    score = await evaluate(engine, infill_prompt(noted.window, fim), step.truth)
    ended = generation.result if generation is not None else None
    suggested, truth = first_line(noted.suggestion), first_line(step.truth)
    return evolve(
        scored(step.place, step.when, score),
        evaluated=ended.stats.tokens_evaluated if ended is not None else 0,
        ms=noted.ms,
        exact=suggested == truth,
        similarity=edit_similarity(suggested, truth),
    )
