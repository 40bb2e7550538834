"""Measures leanwide as it is set up against everything switched on, on the same holes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs
from attrs import frozen

from leanwide.engine.base import EngineSpec
from leanwide.lab.comparing.energy import EnergyMeter
from leanwide.lab.comparing.everything import show_everything
from leanwide.lab.tuning.engines import engines, most_engines
from leanwide.lab.tuning.repository import INDEX_SHARE, Repository, indexed
from leanwide.lab.tuning.trial import Bench, Outcome, Prepare, Setting, as_it_is, run_trial
from leanwide.lab.tuning.tuning import Clock, Moment, contexts
from leanwide.models.gguf import GgufHeader
from leanwide.models.limits import EXPERTS_KEY
from leanwide.modes.profile import Mode, Profile

SMART, MAXIMUM, DEFAULTS = "smart", "maximum", "defaults"
MOST_EXPERTS: Final = 16
"""Experts of the maximum, where a model has more: so many are talked about."""
MOST_CONTEXT: Final = 8192
"""Prompt tokens of the maximum, where a model reaches further."""
_RESERVE: Final = 320
"""Tokens of a model's context that a prompt leaves for the rest of a trial."""
_BLOCK: Final = 16
"""Holes in a row with one contender where each change loads the model anew."""


@frozen(kw_only=True)
class Contender:
    """One way to complete."""

    name: str
    setting: Setting
    prepare: Prepare = as_it_is


@frozen(kw_only=True)
class Contest:
    """What is to be compared, and on what."""

    header: GgufHeader
    spec: EngineSpec
    profiles: Mapping[Mode, Profile]
    smart: Setting
    """leanwide as it is set up."""
    usual_context: int
    """Prompt tokens of the code mode when nobody sets or measures anything."""
    repository: Repository
    index_folder: Path
    meter: EnergyMeter

    @property
    def contenders(self) -> tuple[Contender, ...]:
        """The three that are compared, then what is between them, each different setting once."""
        trained = self.header.number(EXPERTS_KEY)
        most = min(self.header.number("expert_count"), max(MOST_EXPERTS, trained))
        usual = Setting(experts=trained, context_tokens=self.usual_context)
        main = (
            Contender(name=SMART, setting=self.smart),
            Contender(
                name=MAXIMUM,
                setting=Setting(experts=most, context_tokens=self.longest),
                prepare=show_everything,
            ),
            Contender(name=DEFAULTS, setting=usual),
        )
        between = {*self._other_experts(trained, most), *self._other_contexts()}
        ordered = sorted(
            between - {self.smart, usual}, key=lambda one: (one.experts, one.context_tokens)
        )
        return (*main, *(Contender(name="", setting=setting) for setting in ordered))

    def _other_experts(self, trained: int, most: int) -> Iterator[Setting]:
        """Expert counts for the plot, each about twice the one before."""
        for count in (trained // 4, trained // 2, trained, 2 * trained, most):
            yield attrs.evolve(self.smart, experts=max(min(1, most), min(count, most)))

    def _other_contexts(self) -> Iterator[Setting]:
        """Contexts for the plot: every second one that tuning knows."""
        for tokens in contexts(self.header)[::2]:
            yield attrs.evolve(self.smart, context_tokens=tokens)

    @property
    def longest(self) -> int:
        """Prompt tokens of the maximum."""
        most = self.header.number("context_length") or MOST_CONTEXT + _RESERVE
        return max(self.smart.context_tokens, min(MOST_CONTEXT, most - _RESERVE))


Outcomes = Mapping[Contender, Mapping[str, Outcome]]
"""By contender, then by hole: every contender has the same holes."""


async def compare(contest: Contest, seconds: float, tell: Callable[[Moment], None]) -> Outcomes:
    """Measure all contenders on one hole after the other, until the time is spent.

    Raises:
        EngineError: The model cannot be loaded, or has no FIM tokens.
    """
    clock = Clock(seconds, tell)
    clock.until(1.0, "reading the repository")
    elsewhere = indexed(contest.repository.area, contest.index_folder, INDEX_SHARE * seconds)
    found: dict[Contender, dict[str, Outcome]] = {one: {} for one in contest.contenders}
    together = most_engines(contest.spec)
    size = 1 if together > 1 else _BLOCK
    async with engines(together) as opened:
        bench = Bench(
            engines=opened,
            spec=contest.spec,
            profiles=contest.profiles,
            elsewhere=elsewhere,
            longest=contest.longest,
            energy=contest.meter.joules,
        )
        holes = contest.repository.holes
        for done in range(0, len(holes), size):
            for contender in contest.contenders if done // size % 2 else reversed(found):
                for hole in holes[done : done + size]:
                    if not clock.until(1.0, f"{done} holes, {len(found)} settings"):
                        return _complete(found)
                    outcome = await run_trial(hole, contender.setting, bench, contender.prepare)
                    if outcome is not None:
                        found[contender][hole.id] = outcome
    return _complete(found)


def _complete(found: Outcomes) -> Outcomes:
    """Keep the holes that every contender has."""
    common = set.intersection(*(set(outcomes) for outcomes in found.values()))
    return {
        contender: {hole: one for hole, one in outcomes.items() if hole in common}
        for contender, outcomes in found.items()
    }
