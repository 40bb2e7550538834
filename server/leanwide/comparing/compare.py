"""Measures leanwide as configured against everything switched on, on the same visits.

Decides which settings are compared (:attr:`Contest.contenders`), what the maximum is, and which
visits count: those that every contender finished. ``report.py`` decides what the figures say.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Final

import attrs
from attrs import frozen

from leanwide.comparing.energy import EnergyMeter
from leanwide.comparing.everything import show_everything
from leanwide.engine.specs import ModelSpec
from leanwide.features.session import Preferences
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.models.expert_count import EXPERTS_KEY
from leanwide.models.gguf_header import GgufHeader
from leanwide.modes.profile import Mode, Profile
from leanwide.tuning.engines import Engines, engines, max_engines
from leanwide.tuning.repository import INDEX_SHARE, SampledRepository, build_index
from leanwide.tuning.sweep import BLOCK
from leanwide.tuning.trial import ON_REQUEST_ONLY, TrialBench, TrialOutcome, TrialSetting
from leanwide.tuning.tune import RESERVE_TOKENS, Clock, TuningProgress, contexts
from leanwide.tuning.visiting import run_visit
from leanwide.tuning.visits import Visit

SMART, MAXIMUM, DEFAULTS = "smart", "maximum", "defaults"
MAX_EXPERTS: Final = 16
"""Experts of the maximum in a model with more of them: the count that people recommend."""
MAX_CONTEXT_TOKENS: Final = 8192
"""Prompt tokens of the maximum in a model with a longer context."""


def longest_prompt(header: GgufHeader) -> int:
    """Return the longest prompt of a model in a trial, in tokens."""
    return (header.number("context_length") or MAX_CONTEXT_TOKENS + RESERVE_TOKENS) - RESERVE_TOKENS


@frozen(kw_only=True)
class Contender:
    """One of the settings that are compared."""

    name: str
    setting: TrialSetting


@frozen(kw_only=True)
class Contest:
    """A comparison: the model, the contenders and the repository."""

    header: GgufHeader
    spec: ModelSpec
    profiles: Mapping[Mode, Profile]
    preferences: Preferences
    smart: TrialSetting
    """leanwide as configured."""
    usual_context: int
    """Prompt tokens of the code mode in the built-in profiles."""
    repository: SampledRepository
    index_folder: Path
    meter: EnergyMeter
    tell: Callable[[str], None]
    """Shows a message of leanwide to the user."""

    @property
    def contenders(self) -> tuple[Contender, ...]:
        """Smart, the maximum, the defaults if they differ, and unnamed settings for the plots."""
        trained = self.header.number(EXPERTS_KEY)
        most = min(self.header.number("expert_count"), max(MAX_EXPERTS, trained))
        usual = TrialSetting(experts=trained, context_tokens=self.usual_context)
        maximum = TrialSetting(experts=most, context_tokens=self.longest)
        named = [
            Contender(name=SMART, setting=self.smart),
            Contender(name=MAXIMUM, setting=maximum),
        ]
        if usual != self.smart:
            named.append(Contender(name=DEFAULTS, setting=usual))
        between = {*self._other_experts(trained, most), *self._other_contexts()}
        ordered = sorted(
            between - {self.smart, usual}, key=lambda other: (other.experts, other.context_tokens)
        )
        return (*named, *(Contender(name="", setting=setting) for setting in ordered))

    def _other_experts(self, trained: int, most: int) -> Iterator[TrialSetting]:
        """Yield expert counts for the plot, each about twice the one before."""
        for count in (trained // 4, trained // 2, trained, 2 * trained, most):
            yield attrs.evolve(self.smart, experts=max(min(1, most), min(count, most)))

    def _other_contexts(self) -> Iterator[TrialSetting]:
        """Yield contexts for the plot: every second one of those that tuning measures."""
        for tokens in contexts(self.header)[::2]:
            yield attrs.evolve(self.smart, context_tokens=tokens)

    @property
    def longest(self) -> int:
        """Prompt tokens of the maximum."""
        return max(self.smart.context_tokens, min(MAX_CONTEXT_TOKENS, longest_prompt(self.header)))

    def bench(self, opened: Engines, workspace: WorkspaceContext) -> TrialBench:
        """Return what the trials of all contenders except the maximum share."""
        ordinary = (self.smart.context_tokens, self.usual_context, *contexts(self.header))
        return TrialBench(
            engines=opened,
            spec=self.spec,
            profiles=self.profiles,
            preferences=self.preferences,
            workspace=workspace,
            longest=max(ordinary),
            energy=self.meter.joules,
            notify=self.tell,
        )


def maximum_bench(bench: TrialBench, longest: int) -> TrialBench:
    """Return what the trials of the maximum need: all context is read at the request."""
    return attrs.evolve(
        bench, preferences=ON_REQUEST_ONLY, longest=longest, prepare=show_everything, machines={}
    )


Outcomes = Mapping[Contender, Mapping[str, TrialOutcome]]
"""By contender, then by visit; every contender made the same visits."""


async def compare(
    contest: Contest, seconds: float, tell: Callable[[TuningProgress], None]
) -> Outcomes:
    """Have all contenders make the visits one after the other until the time is spent.

    Raises:
        EngineError: The model cannot be loaded, or has no FIM tokens.
    """
    clock = Clock(seconds, tell)
    clock.until(1.0, "reading the repository")
    workspace = build_index(contest.repository.area, contest.index_folder, INDEX_SHARE * seconds)
    found: dict[Contender, dict[str, TrialOutcome]] = {name: {} for name in contest.contenders}
    async with engines(max_engines(contest.spec)) as opened:
        bench = contest.bench(opened, workspace)
        benches = {MAXIMUM: maximum_bench(bench, contest.longest)}
        # A visit of the maximum may take minutes.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(clock.left):
                for done, contender, visit in _turns(contest):
                    clock.until(1.0, f"{done} visits, {len(found)} settings")
                    own = benches.get(contender.name, bench)
                    found[contender][visit.id] = await run_visit(visit, contender.setting, own)
    # Only the visits that every contender made can be compared.
    common = set.intersection(*(set(outcomes) for outcomes in found.values()))
    return {
        contender: {visit: outcome for visit, outcome in outcomes.items() if visit in common}
        for contender, outcomes in found.items()
    }


def _turns(contest: Contest) -> Iterator[tuple[int, Contender, Visit]]:
    """Yield the number of visits that all contenders have made, the contender and its visit."""
    visits = contest.repository.visits
    size = 1 if max_engines(contest.spec) > 1 else BLOCK
    for done in range(0, len(visits), size):
        # The order alternates, so that a machine that slows down favours no contender.
        order = contest.contenders if done // size % 2 else reversed(contest.contenders)
        for contender, visit in product(order, visits[done : done + size]):
            yield done, contender, visit
