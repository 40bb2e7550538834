"""Inline completion: from a view to the text that belongs at its cursor.

An answer comes, in this order, from a suggestion that is being typed through, from the generation
that is under way, or from a new one; only the last costs the model anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from attrs import evolve, frozen

from leanwide.engine.base import EngineError
from leanwide.engine.requests import CancelToken
from leanwide.engine.specs import FimTokens
from leanwide.features.completion.cut_answer import continue_cut_answer
from leanwide.features.completion.generate import start_interactive
from leanwide.features.completion.generation import WaitLimit
from leanwide.features.completion.prefetch import prefetch
from leanwide.features.completion.request import (
    CompletionRequest,
    InlineRequest,
    continued,
    decide,
    fim_tokens,
    otherwise,
    waiting_request,
    why_silent,
    why_suppressed,
)
from leanwide.features.completion.state import CompletionState
from leanwide.features.completion.suggestions import AnswerEnd, KnownAnswer
from leanwide.features.journal import AnswerSource, no_cost_record
from leanwide.postprocess.repetition import repeated_line

_GROWING: Final = "shown as far as it was generated; it goes on"


async def complete(inline: InlineRequest, state: CompletionState, cancel: CancelToken) -> str:
    """Return the text to insert at the cursor, with the document's line endings, or "".

    Raises:
        EngineError: No model is loaded, it has no FIM tokens, or the engine died.
    """
    view, began = inline.view, time.monotonic()
    try:
        fim = fim_tokens(state.session.typing_model)
    except EngineError as error:
        _record_silence(inline, f"silent: {error}", began, state)
        raise
    if reason := why_silent(view, by_hand=inline.by_hand):
        _record_silence(inline, reason, began, state)
        return ""
    asking = _Asking(inline, fim, began, state, cancel, state.filter_at(view))
    known = None
    if state.session.preferences.everywhere and not inline.by_hand:
        known = state.suggestions.find(view, asking.filtered)
    if known is None or not known.shown or known.ended is AnswerEnd.BROKEN_OFF:
        known = await _ask(asking)
    else:
        _record_typed_through(known, asking)
    if known is None or cancel.cancelled:
        return ""
    _start_idle_work(known, asking)
    return known.shown.replace("\n", view.newline)


@frozen
class _Asking:
    """One request while it is answered."""

    inline: InlineRequest
    fim: FimTokens
    began: float
    state: CompletionState
    cancel: CancelToken
    filtered: Callable[[str], str]


def _record_silence(
    inline: InlineRequest, reason: str, began: float, state: CompletionState
) -> None:
    decision = decide(inline.view, state.session)
    record = no_cost_record(decision, AnswerSource.NONE, reason, began)
    state.session.journal.add(record)


def _record_typed_through(known: KnownAnswer, asking: _Asking) -> None:
    state = asking.state
    state.last_asked = asking.inline.view
    record = no_cost_record(known.decision, AnswerSource.CACHE, "typed through", asking.began)
    state.session.journal.add(record)


def _start_idle_work(known: KnownAnswer, asking: _Asking) -> None:
    """Begin what no request waits for: the rest of a cut answer, or what follows a whole one."""
    inline, fim, state = asking.inline, asking.fim, asking.state
    if known.ended is AnswerEnd.CUT:
        if inline.most_ms is None and state.under_way(inline.view) is None:
            state.start_idle_work(continue_cut_answer(inline.view, fim, known, state))
    elif known.ended is AnswerEnd.WHOLE and known.shown and state.session.preferences.look_ahead:
        state.start_idle_work(prefetch(inline.view, fim, known, state))


async def _ask(asking: _Asking) -> KnownAnswer | None:
    """Have the model answer, or continue what it said before; by hand, until that is whole."""
    inline, state = asking.inline, asking.state
    if reason := await why_suppressed(inline, state.session):
        _record_silence(inline, reason, asking.began, state)
        return None
    known = state.suggestions.find(inline.view, asking.filtered)  # one may have come meanwhile
    state.last_asked = inline.view
    request = waiting_request(inline.view, asking.fim, asking.began, state.session)
    if known is None or known.ended is AnswerEnd.BROKEN_OFF:
        if known is not None:
            request = evolve(request, said=known.text, shown=known.shown)
        known = await _generated(request, asking)
    else:
        _record_typed_through(known, asking)
    if known is not None and not known.shown and (line := repeated_line(known.text, inline.view)):
        known = await _generated(otherwise(request, line), asking)
    until_whole = inline.by_hand and inline.most_ms is None
    while until_whole and known is not None and known.ended is AnswerEnd.CUT:
        if asking.cancel.cancelled:
            return None
        known = await _generated(continued(request, known), asking)
    return known


async def _generated(request: CompletionRequest, asking: _Asking) -> KnownAnswer | None:
    """Return what a generation says at the view, a new one if need be; None once superseded."""
    state, cancel, view, inline = asking.state, asking.cancel, request.view, asking.inline
    most_ms = request.decision.budget.deadline_ms if inline.most_ms is None else inline.most_ms
    seconds = None if inline.by_hand and inline.most_ms is None else most_ms / 1000
    generation = state.under_way(view)
    if generation is not None:
        since = time.monotonic()
        answer = await generation.wait(
            view, cancel, WaitLimit(seconds, asking.began, asking.filtered)
        )
        waited_ms = 1000 * (time.monotonic() - since)
        if answer is None and generation.over:
            answer = state.known(view)
        if answer is not None:
            reason = "was under way" if generation.over else _GROWING
            _record_in_flight(request, reason, waited_ms, state)
            return answer
        if cancel.cancelled or generation.stopped:
            return None
        request = evolve(request, waited_ms=waited_ms)
    generation = await start_interactive(request, state, cancel)
    if generation is None:
        return None
    # The filters know what stands in the prompt, which was chosen just now.
    limit = WaitLimit(seconds, asking.began, state.filter_at(view))
    answer = await generation.wait(view, cancel, limit)
    if answer is not None and not generation.over:
        _record_in_flight(request, _GROWING, 0.0, state)
    return answer


def _record_in_flight(
    request: CompletionRequest, reason: str, waited_ms: float, state: CompletionState
) -> None:
    record = no_cost_record(
        request.decision, AnswerSource.IN_FLIGHT, reason, request.began, waited_ms
    )
    state.session.journal.add(record)
