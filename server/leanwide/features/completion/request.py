"""A completion request: as the client sends it, why it is not served, and as it is decided."""

from __future__ import annotations

import asyncio
from typing import Final

from attrs import evolve, frozen

from leanwide.context.view import View
from leanwide.engine.base import EngineError, NotLoadedError
from leanwide.engine.specs import FimTokens, ModelInfo
from leanwide.features.completion.suggestions import KnownAnswer
from leanwide.features.exclusion import exclusion_reason
from leanwide.features.session import Preferences, Session
from leanwide.features.token_counter import TokenCounter
from leanwide.modes.profile import Decision
from leanwide.modes.router import Signals, Task, limit_prefill, route
from leanwide.syntax import SyntaxTree, in_comment, in_string

_OTHERWISE: Final = "asked again because it repeated the line below"
_LONGEST_LINE: Final = 2000
"""Characters; longer lines are minified code or data, and counting their tokens takes long."""


@frozen
class InlineRequest:
    """A place in a document, and whether the user asked for a suggestion there by hand."""

    view: View
    by_hand: bool = False
    most_ms: float | None = None
    """Milliseconds for which the answer may grow, where the client limits it: then an answer that
    reached a limit is not continued. None: the mode's deadline, by hand until it is whole."""


@frozen(kw_only=True)
class CompletionRequest:
    """A request with its decisions."""

    view: View
    decision: Decision
    """Its context is what may be prefilled while the request waits, in tokens."""
    full_decision: Decision
    """Its context is what the whole prompt may have, prefilled before or not, in tokens."""
    fim: FimTokens
    count: TokenCounter
    """Counts tokens for the model of its lane."""
    began: float
    """Arrival, in seconds of ``time.monotonic``."""
    waited_ms: float = 0.0
    """Time spent on an earlier generation that then went another way, in milliseconds."""
    said: str = ""
    """The beginning of the answer, from an earlier generation that was cut or cancelled."""
    shown: str = ""
    """What the user was shown of the answer already."""
    parts: int = 0
    """Generations of the answer before this one."""
    avoided: str = ""
    """What the answer must not begin with: a line that an earlier one had, which stands below."""


def why_silent(view: View, *, by_hand: bool) -> str | None:
    """Return the reason, a sentence for the user, as far as the view alone tells; None to go on.

    Args:
        view: The document and its cursor.
        by_hand: The user asked for a suggestion; the client did not ask because they typed.
    """
    if len(view.current_line) > _LONGEST_LINE:
        return f"silent because the line has more than {_LONGEST_LINE} characters"
    if by_hand:
        return None
    if view.deleting:
        return "silent while text is deleted"
    if view.has_text_after:
        return "silent because text follows the cursor; ask by hand for a suggestion"
    return None


async def why_suppressed(inline: InlineRequest, session: Session) -> str | None:
    """Return why the model is not asked: an exclusion, its languages, or the user's preferences."""
    view, preferences = inline.view, session.preferences
    if reason := await exclusion_reason(view, session.names):
        return reason
    untrained = session.notify_untrained(view, session.typing_lane)
    if untrained is not None and not inline.by_hand:
        return f"silent: {untrained}; ask by hand for a suggestion"
    if inline.by_hand or preferences.everywhere:
        return None
    tree = await session.trees.here(view)
    return None if tree is None else await asyncio.to_thread(_why_here, view, tree, preferences)


def decide(view: View, session: Session) -> Decision:
    """Decide on a completion for which no request waits.

    A pinned mode uses its own lane only where that runs the model of completions.
    """
    signals = Signals(
        text_after_cursor=view.has_text_after,
        pinned=session.pinned,
        machine=session.backend.machine,
    )
    decision = route(Task.INLINE_COMPLETION, signals, session.profiles)
    if session.pinned is None:
        return decision
    same = session.backend.engine.model(decision.lane) is session.typing_model
    return decision if same else evolve(decision, lane=session.typing_lane)


def waiting_request(
    view: View, fim: FimTokens, began: float, session: Session
) -> CompletionRequest:
    """Return the request of a client that waits while the prompt is prefilled."""
    request = idle_request(view, fim, began, session)
    if not session.preferences.adapt:
        return request
    return evolve(request, decision=limit_prefill(request.decision, session.backend.machine))


def idle_request(view: View, fim: FimTokens, began: float, session: Session) -> CompletionRequest:
    """Return the request that prefill and prefetch at a view serve."""
    decision = decide(view, session)
    return CompletionRequest(
        view=view,
        decision=decision,
        full_decision=decision,
        fim=fim,
        count=session.backend.counter(decision.lane),
        began=began,
    )


def continued(request: CompletionRequest, answer: KnownAnswer) -> CompletionRequest:
    """Return the request for what follows an answer that the model has given already."""
    return evolve(request, said=answer.text, shown=answer.shown, parts=answer.parts)


def otherwise(request: CompletionRequest, line: str) -> CompletionRequest:
    """Return the request for an answer that does not repeat the line below the cursor."""
    reasons = ", ".join(filter(None, (request.decision.reason, _OTHERWISE)))
    return evolve(
        request,
        decision=evolve(request.decision, reason=reasons),
        said="",
        shown="",
        parts=0,
        avoided=line,
    )


def fim_tokens(model: ModelInfo | None) -> FimTokens:
    """Return the model's FIM tokens.

    Raises:
        EngineError: No model is loaded, or it has no FIM tokens.
    """
    if model is None:
        raise NotLoadedError
    if model.fim is None:
        raise no_fim_error(model.name)
    return model.fim


def no_fim_error(model: str) -> EngineError:
    """Return the error of a model, by its name, that has no FIM tokens."""
    return EngineError(
        f"{model} has no fill-in-the-middle tokens, so that it cannot "
        "complete: choose another model (`leanwide models list`)"
    )


def _why_here(view: View, tree: SyntaxTree, preferences: Preferences) -> str | None:
    """Return why the user wants no suggestion at this place of the code; None to go on."""
    at = (view.line, view.column)
    if not preferences.in_comments and in_comment(tree, at):
        return "silent in comments, as set"
    if not preferences.in_strings and in_string(tree, at):
        return "silent in strings, as set"
    return None
