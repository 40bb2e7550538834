"""Inline completion: from a view to the text that belongs at its cursor.

An answer comes, in this order, from a suggestion that is being typed through, from the generation
that is under way, or from a new one; only the last costs the model anything.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from attrs import evolve, frozen

from leanwide.context.view import View
from leanwide.engine.base import CancelToken, EngineError, FimTokens, NotLoadedError, Priority
from leanwide.features.completion.generate import start_generation
from leanwide.features.completion.generation import Generation, WaitLimit
from leanwide.features.completion.prefetch import continue_ahead, look_ahead
from leanwide.features.completion.suggestions import AnswerEnd, KnownAnswer
from leanwide.features.completion.suppression import why_silent, why_silent_here
from leanwide.features.completion.trained_languages import tell_foreign, why_foreign
from leanwide.features.completion.window import CompletionRequest
from leanwide.features.exclusion import exclusion_reason
from leanwide.features.journal import AnswerSource, free_record
from leanwide.features.session import Workbench
from leanwide.modes.profile import Decision
from leanwide.modes.router import Signals, Task, route
from leanwide.postprocess.filters import shape
from leanwide.postprocess.following import may_repeat

_GOES_ON: Final = "shown as far as it was there; it goes on"


@frozen
class InlineRequest:
    """What is asked: a place in a document, and whether the user asked by hand."""

    view: View
    by_hand: bool = False


async def complete(question: InlineRequest, bench: Workbench, cancel: CancelToken) -> str:
    """Give the text to insert at the cursor; "" where there is nothing to say.

    Raises:
        EngineError: No model is loaded, it has no FIM tokens, or the engine died.
    """
    view, began = question.view, time.monotonic()
    decision, patient = decide(view, bench)
    try:
        fim = fim_tokens(bench)
    except EngineError as error:
        bench.journal.add(free_record(decision, AnswerSource.NONE, f"silent: {error}", began))
        raise
    if reason := await _why_silent(question, bench):
        bench.journal.add(free_record(decision, AnswerSource.NONE, reason, began))
        return ""
    bench.asked_at = view
    asked = CompletionRequest(view=view, decision=decision, patient=patient, fim=fim, began=began)
    waiting = _Waiter(bench, _patience(question, decision, bench), cancel)
    known = bench.known(view)
    if known is not None and known.ended is not AnswerEnd.BROKEN_OFF:
        bench.journal.add(free_record(decision, AnswerSource.CACHE, "typed through", began))
    else:
        said = known.text if known is not None else ""
        known = await _generated(evolve(asked, said=said), waiting)
    if question.by_hand:
        known = await _to_its_end(known, asked, waiting)
    if known is None or cancel.cancelled:
        return ""
    text = shape(known.text, bench.setting(view))
    if known.ended is AnswerEnd.CUT:
        continue_ahead(_behind(known, asked), bench)
    elif text and bench.manners.look_ahead and known.ended is AnswerEnd.WHOLE:
        look_ahead(asked, text, bench)
    return text


def decide(view: View, bench: Workbench) -> tuple[Decision, Decision]:
    """Decide for somebody who waits, and for nobody: what is read while they pause."""
    signals = Signals(
        text_after_cursor=view.has_text_after, pinned=bench.pinned, machine=bench.machine
    )
    later = route(Task.INLINE_COMPLETION, signals, bench.profiles)
    waits = evolve(signals, waits_for_prompt=bench.manners.adapt)
    return route(Task.INLINE_COMPLETION, waits, bench.profiles), later


def _patience(question: InlineRequest, decision: Decision, bench: Workbench) -> WaitLimit:
    """Who asks by hand waits for all of it; who types sees what is there when the time is over."""

    def shows(text: str) -> bool:
        said = shape(text, bench.setting(question.view))
        return bool(said) and not may_repeat(said, question.view)

    return WaitLimit(None if question.by_hand else decision.budget.deadline_ms / 1000, shows)


async def _why_silent(question: InlineRequest, bench: Workbench) -> str | None:
    """Ask for the cheap reasons first; for syntax only where the user's wishes depend on it."""
    view, manners = question.view, bench.manners
    reason = why_silent(view, question.by_hand) or await exclusion_reason(view, bench.names)
    if reason is None:
        tell_foreign(view, bench)
    if reason is None and not question.by_hand:
        reason = _why_foreign(view, bench)
    if reason or question.by_hand or (manners.in_comments and manners.in_strings):
        return reason
    tree = await bench.trees.here(view)
    if tree is None:
        return None
    return await asyncio.to_thread(why_silent_here, view, tree, manners)


def _why_foreign(view: View, bench: Workbench) -> str | None:
    model = bench.engine.model
    reason = why_foreign(view, model) if model is not None else None
    return f"silent: {reason}; ask by hand for a suggestion" if reason else None


def fim_tokens(bench: Workbench) -> FimTokens:
    """Give the model's FIM tokens.

    Raises:
        EngineError: There is no model, or it has none.
    """
    model = bench.engine.model
    if model is None:
        raise NotLoadedError
    if model.fim is None:
        raise EngineError(
            f"{model.name} has no fill-in-the-middle tokens, so that it cannot "
            "complete: choose another model (`leanwide models list`)"
        )
    return model.fim


@frozen
class _Waiter:
    """Who waits for an answer, and for how long."""

    bench: Workbench
    patience: WaitLimit
    cancel: CancelToken


async def _generated(asked: CompletionRequest, waiting: _Waiter) -> KnownAnswer | None:
    """Wait for the generation that fits the view, a new one if need be; None once retired."""
    bench, cancel = waiting.bench, waiting.cancel
    generation = bench.under_way(asked.view)
    if generation is not None:
        since = time.monotonic()
        serves = await generation.wait(asked.view, cancel, waiting.patience)
        waited = 1000 * (time.monotonic() - since)
        if serves:
            why = "was under way" if generation.over else _GOES_ON
            record = free_record(asked.decision, AnswerSource.IN_FLIGHT, why, asked.began, waited)
            bench.journal.add(record)
            return _said(generation, asked.view, bench)
        if cancel.cancelled or generation.stopped:
            return None
        asked = evolve(asked, waited_ms=waited)
    generation = await start_generation(asked, bench, Priority.INTERACTIVE, cancel)
    if generation is None or not await generation.wait(asked.view, cancel, waiting.patience):
        return None
    if not generation.over:
        bench.journal.add(
            free_record(asked.decision, AnswerSource.IN_FLIGHT, _GOES_ON, asked.began)
        )
    return _said(generation, asked.view, bench)


def _said(generation: Generation, view: View, bench: Workbench) -> KnownAnswer | None:
    """Give what a generation says at a view, to its end or as far as it is there."""
    if generation.over:
        return bench.known(view)
    text = generation.shown_early(view)
    return None if text is None else KnownAnswer(text, AnswerEnd.BROKEN_OFF)


async def _to_its_end(
    known: KnownAnswer | None, asked: CompletionRequest, waiting: _Waiter
) -> KnownAnswer | None:
    """Have a suggestion that was cut continued until it is whole."""
    while known is not None and known.ended is AnswerEnd.CUT and not waiting.cancel.cancelled:
        known = await _generated(_behind(known, asked), waiting)
    return known


def _behind(known: KnownAnswer, asked: CompletionRequest) -> CompletionRequest:
    """Ask for what follows what is known."""
    return evolve(asked, said=known.text, parts=known.parts)
