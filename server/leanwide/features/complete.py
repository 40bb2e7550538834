"""Inline completion: from a view to the text that belongs at its cursor.

An answer comes, in this order, from a suggestion that is being typed through, from the generation
that is under way, or from a new one; only the last costs the model anything.
"""

from __future__ import annotations

import asyncio
import time

from attrs import evolve, frozen

from leanwide.context.view import View
from leanwide.engine.base import CancelToken, EngineError, FimTokens, NotLoadedError, Priority
from leanwide.features.ahead import look_ahead
from leanwide.features.gate import why_left_alone, why_silent, why_silent_here
from leanwide.features.journal import Source, free_record
from leanwide.features.start import start_generation
from leanwide.features.suggestions import Known
from leanwide.features.trained import tell_foreign, why_foreign
from leanwide.features.window import Asked
from leanwide.features.workbench import Workbench
from leanwide.modes.router import Signals, Task, route
from leanwide.shape.filters import shape


@frozen
class Question:
    """What is asked: a place in a document, and whether the user asked by hand."""

    view: View
    by_hand: bool = False


async def complete(question: Question, bench: Workbench, cancel: CancelToken) -> str:
    """Give the text to insert at the cursor; "" where there is nothing to say.

    Raises:
        EngineError: No model is loaded, it has no FIM tokens, or the engine died.
    """
    view, began = question.view, time.monotonic()
    fim = fim_tokens(bench)
    signals = Signals(
        text_after_cursor=view.has_text_after, pinned=bench.pinned, machine=bench.machine
    )
    decision = route(Task.INLINE_COMPLETION, signals, bench.profiles)
    if reason := await _why_silent(question, bench):
        bench.journal.add(free_record(decision, Source.NONE, reason, began))
        return ""
    known = bench.known(view)
    if known is not None and known.whole:
        bench.journal.add(free_record(decision, Source.CACHE, "typed through", began))
    else:
        said = known.text if known is not None else ""
        asked = Asked(view=view, decision=decision, fim=fim, began=began, said=said)
        known = await _generated(asked, bench, cancel)
    if known is None or cancel.cancelled:
        return ""
    text = shape(known.text, bench.setting(view))
    if text and bench.manners.look_ahead:
        look_ahead(Asked(view=view, decision=decision, fim=fim, began=began), text, bench)
    return text


async def _why_silent(question: Question, bench: Workbench) -> str | None:
    """Ask for the cheap reasons first; for syntax only where the user's wishes depend on it."""
    view, manners = question.view, bench.manners
    reason = why_silent(view, question.by_hand) or await why_left_alone(view, bench.names)
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
        raise EngineError(f"{model.name} has no fill-in-the-middle tokens: completions are off")
    return model.fim


async def _generated(asked: Asked, bench: Workbench, cancel: CancelToken) -> Known | None:
    """Wait for the generation that fits the view, a new one if need be; None once retired."""
    generation = bench.under_way(asked.view)
    if generation is not None:
        since = time.monotonic()
        serves = await generation.wait(asked.view, cancel)
        waited = 1000 * (time.monotonic() - since)
        if serves:
            why = "was under way"
            record = free_record(asked.decision, Source.IN_FLIGHT, why, asked.began, waited)
            bench.journal.add(record)
            return bench.known(asked.view)
        if cancel.cancelled or generation.stopped:
            return None
        asked = evolve(asked, waited_ms=waited)
    generation = await start_generation(asked, bench, Priority.INTERACTIVE, cancel)
    if generation is None or not await generation.wait(asked.view, cancel):
        return None
    return bench.known(asked.view)
