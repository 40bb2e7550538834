"""Measures one question, visit by visit, until it is clear or the time is spent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Final

from attrs import frozen

from leanwide.tuning.deciding import Judgement, judge
from leanwide.tuning.results import Results
from leanwide.tuning.trial import Trial, TrialBench, TrialSetting

BLOCK: Final = 6
"""Visits in a row at one setting where each change of the setting loads the model anew."""


@frozen(kw_only=True)
class Sweep:
    """A question's settings, and what they are measured on."""

    order: tuple[TrialSetting, ...]
    """The cheapest first."""
    trials: Sequence[Trial]
    tolerance: float
    bench: TrialBench
    results: Results
    at_once: bool
    """Engines for all settings may be open together."""

    def judgement(self) -> Judgement[TrialSetting]:
        """Say what is known by now."""
        evidence = self.results.evidence(self.order, [one.id for one in self.trials])
        return judge(self.order, evidence, self.tolerance)


async def sweep(
    question: Sweep, tell: Callable[[Judgement[TrialSetting]], bool]
) -> Judgement[TrialSetting]:
    """Measure, settings by turns, and say what came out.

    Args:
        question: What is asked.
        tell: Called before each measurement with what is known; gives whether there is time.
    """
    judgement = question.judgement()
    size = 1 if question.at_once else BLOCK
    for done in range(0, len(question.trials), size):
        block, live = question.trials[done : done + size], judgement.live
        # Which setting is first changes, so that a machine that slows down treats them alike.
        for setting, one in product(live if done // size % 2 else reversed(live), block):
            if question.results.get(one.id, setting) is not None:
                continue
            if not tell(judgement):
                return question.judgement()
            question.results.add(await one.run(setting, question.bench))
        judgement = question.judgement()
        if judgement.clear:
            break
    return judgement
