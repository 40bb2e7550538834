"""Answers one question trial by trial, until the answer is clear or the time is spent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Final

from attrs import frozen

from leanwide.tuning.deciding import Judgement, judge
from leanwide.tuning.results import Results
from leanwide.tuning.trial import Trial, TrialBench, TrialSetting

BLOCK: Final = 6
"""Trials in a row at one setting if each change of the setting loads the model again."""


@frozen(kw_only=True)
class Sweep:
    """A question: its settings, and the trials that compare them."""

    order: tuple[TrialSetting, ...]
    """The cheapest first."""
    trials: Sequence[Trial]
    tolerance: float
    bench: TrialBench
    results: Results
    at_once: bool
    """Whether engines for all settings may be open together."""

    def judgement(self) -> Judgement[TrialSetting]:
        """Judge the settings by the results so far."""
        evidence = self.results.evidence(self.order, [trial.id for trial in self.trials])
        return judge(self.order, evidence, self.tolerance)


async def sweep(
    question: Sweep, tell: Callable[[Judgement[TrialSetting]], bool]
) -> Judgement[TrialSetting]:
    """Run the trials, settings alternating, and return the judgement.

    Args:
        question: The question.
        tell: Called with the judgement before each trial; returns whether there is time for it.
    """
    judgement = question.judgement()
    size = 1 if question.at_once else BLOCK
    for done in range(0, len(question.trials), size):
        block, live = question.trials[done : done + size], judgement.live
        # The order alternates, so that a machine that slows down favours no setting.
        for setting, trial in product(live if done // size % 2 else reversed(live), block):
            if question.results.get(trial.id, setting) is not None:
                continue
            if not tell(judgement):
                return question.judgement()
            question.results.add(await trial.run(setting, question.bench))
        judgement = question.judgement()
        if judgement.clear:
            break
    return judgement
