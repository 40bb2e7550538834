"""The window of somebody who thinks that more is better: all that was found, and all that fits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from leanwide.context.lines import choose_lines
from leanwide.context.plan import TokenRoom, plan_nearest, plan_syntax
from leanwide.context.related import Candidates, texts_to_count
from leanwide.context.snippet import Snippet
from leanwide.context.view import View, with_lf
from leanwide.context.window import AFTER_SHARE, Count, Related, new_window
from leanwide.features.session import Workbench
from leanwide.modes.profile import Mode

_RELATED_SHARE: Final = 0.5
"""Most of the budget for pieces of other files: the file at hand is needed as well."""
_SPARE_TOKENS: Final = 32
"""Tokens that are left for markers, and for what is typed on the cursor's line."""


async def show_everything(view: View, work: Workbench) -> None:
    """Choose the window before leanwide does: it keeps one that serves."""
    count = work.counter
    tree = await work.trees.at(view)
    budget = work.profiles[Mode.CODE].context_tokens - _SPARE_TOKENS
    path = work.elsewhere.key(view.path)
    related = Related()
    if path is not None and (model := work.engine.model) and model.fim and model.fim.file_separator:
        candidates = await work.elsewhere.candidates(view, tree, path)
        await count.learn(texts_to_count(candidates, path))
        related = _all_related(candidates, path, int(budget * _RELATED_SHARE), count)
    budget -= related.tokens
    after = int(budget * AFTER_SHARE)
    room = TokenRoom(budget - after, after)
    plan = plan_nearest(view, room) if tree is None else plan_syntax(view, tree, room)
    await count.learn(with_lf(view.lines[number]) for number in plan.numbers())
    await count.learn((view.line_before, view.line_after + "\n"))
    chosen = choose_lines(view, plan, room, count)
    work.windows[view.uri] = new_window(view, chosen, count, related)


def _all_related(candidates: Candidates, path: str, budget: int, count: Count) -> Related:
    """All candidates, the best first, until the budget is spent."""
    snippets = dict.fromkeys(_others(candidates, path))
    costs = [count(one.path) + count(one.text) + 4 for one in snippets]
    totals = accumulate(costs, initial=count(path) + 4)
    next(totals)
    fitting = [(one, total) for one, total in zip(snippets, totals, strict=True) if total <= budget]
    if not fitting:
        return Related()
    return Related(path, tuple(one for one, _ in fitting), fitting[-1][1])


def _others(candidates: Candidates, path: str) -> Iterator[Snippet]:
    for snippet, _ in sorted(candidates.scored(), key=lambda pair: -pair[1]):
        if snippet.text and snippet.path != path:
            yield snippet
