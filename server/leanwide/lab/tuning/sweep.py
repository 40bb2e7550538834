"""Measures one question, hole by hole, until it is clear or the time is spent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import product
from typing import Final

from attrs import frozen

from leanwide.lab.tuning.deciding import Judgement, judge
from leanwide.lab.tuning.holes import Hole
from leanwide.lab.tuning.results import Results
from leanwide.lab.tuning.trial import Bench, Outcome, Setting, run_trial

_BLOCK: Final = 16
"""Holes in a row at one setting where each change of the setting loads the model anew."""


@frozen(kw_only=True)
class Sweep:
    """A question's settings, and what they are measured on."""

    order: tuple[Setting, ...]
    """The cheapest first."""
    holes: Sequence[Hole]
    tolerance: float
    bench: Bench
    results: Results
    at_once: bool
    """Engines for all settings may be open together."""
    measure: Callable[[Hole, Setting, Bench], Awaitable[Outcome | None]] = run_trial
    """What is done at each hole."""

    @property
    def ids(self) -> list[str]:
        """The holes by their names."""
        return [hole.id for hole in self.holes]

    def judgement(self) -> Judgement[Setting]:
        """Say what is known by now."""
        evidence = self.results.evidence(self.order, self.ids)
        return judge(self.order, evidence, self.tolerance)


async def sweep(
    question: Sweep, tell: Callable[[Judgement[Setting], int], bool]
) -> Judgement[Setting]:
    """Measure, settings by turns, and say what came out.

    Args:
        question: What is asked.
        tell: Called before each trial with what is known and how many holes are done; gives
            whether there is time for it.
    """
    judgement = question.judgement()
    size = 1 if question.at_once else _BLOCK
    for done in range(0, len(question.holes), size):
        block, live = question.holes[done : done + size], judgement.live
        # Which setting is first changes, so that a machine that slows down treats them alike.
        for setting, hole in product(live if done // size % 2 else reversed(live), block):
            if question.results.get(hole.id, setting) is not None:
                continue
            if not tell(judgement, done):
                return question.judgement()
            outcome = await question.measure(hole, setting, question.bench)
            if outcome is not None:
                question.results.add(outcome)
        judgement = question.judgement()
        if judgement.clear:
            break
    return judgement
