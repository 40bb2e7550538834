"""The window of the maximum: all related snippets, and as much of the file as fits."""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from leanwide.context.lines import choose_lines
from leanwide.context.plan import TokenRoom, plan_nearest, plan_syntax
from leanwide.context.related import Candidates, texts_to_count
from leanwide.context.view import View, with_lf
from leanwide.context.window import AFTER_SHARE, Count, Related, new_window
from leanwide.features.completion.state import CompletionState
from leanwide.modes.profile import Mode

_RELATED_SHARE: Final = 0.5
"""Largest share of the budget for related snippets: the rest is for the current file."""
_SPARE_TOKENS: Final = 32
"""Tokens that are kept free for markers and for the text typed on the cursor's line."""


async def show_everything(view: View, state: CompletionState) -> None:
    """Choose the window before leanwide does, which then keeps it."""
    session = state.session
    count, model = session.backend.counter(session.typing_lane), session.typing_model
    tree = await session.trees.at(view)
    budget = session.profiles[Mode.CODE].context_tokens - _SPARE_TOKENS
    path = session.workspace.key(view.path)
    related = Related()
    if path is not None and model and model.fim and model.fim.file_separator:
        candidates = await session.workspace.candidates(view, tree, path)
        await count.learn(texts_to_count(candidates, path))
        related = _all_related(candidates, path, int(budget * _RELATED_SHARE), count)
    budget -= related.tokens
    after = int(budget * AFTER_SHARE)
    room = TokenRoom(budget - after, after)
    plan = plan_nearest(view, room) if tree is None else plan_syntax(view, tree, room)
    await count.learn(with_lf(view.lines[number]) for number in plan.numbers())
    await count.learn((view.line_before, view.line_after + "\n"))
    chosen = choose_lines(view, plan, room, count)
    state.windows[view.uri] = new_window(view, chosen, count, related)


def _all_related(candidates: Candidates, path: str, budget: int, count: Count) -> Related:
    """Return the best candidates that fit the budget."""
    scored = sorted(candidates.scored(), key=lambda pair: -pair[1])
    others = (snippet for snippet, _ in scored if snippet.text and snippet.path != path)
    snippets = list(dict.fromkeys(others))
    costs = [count(snippet.path) + count(snippet.text) + 4 for snippet in snippets]
    _, *totals = accumulate(costs, initial=count(path) + 4)
    fitting = sum(total <= budget for total in totals)
    if not fitting:
        return Related()
    return Related(path, tuple(snippets[:fitting]), totals[fitting - 1])
