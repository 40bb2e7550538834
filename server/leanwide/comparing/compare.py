"""Measures leanwide as it is set up against everything switched on, on the same visits."""

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
from leanwide.engine.base import EngineSpec
from leanwide.features.session import Preferences
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.models.gguf import GgufHeader
from leanwide.models.limits import EXPERTS_KEY
from leanwide.modes.profile import Mode, Profile
from leanwide.tuning.engines import Engines, engines, max_engines
from leanwide.tuning.repository import INDEX_SHARE, SampledRepository, build_index
from leanwide.tuning.sweep import BLOCK
from leanwide.tuning.trial import ON_REQUEST_ONLY, TrialBench, TrialOutcome, TrialSetting
from leanwide.tuning.tune import Clock, TuningProgress, contexts
from leanwide.tuning.visiting import run_visit
from leanwide.tuning.visits import Visit

SMART, MAXIMUM, DEFAULTS = "smart", "maximum", "defaults"
MAX_EXPERTS: Final = 16
"""Experts of the maximum, where a model has more: so many are talked about."""
MAX_CONTEXT_TOKENS: Final = 8192
"""Prompt tokens of the maximum, where a model reaches further."""
_RESERVE: Final = 320
"""Tokens of a model's context that a prompt leaves for the rest of a trial."""


def longest_prompt(header: GgufHeader) -> int:
    """Return the longest prompt of a model, in tokens, beside the rest of a trial."""
    return (header.number("context_length") or MAX_CONTEXT_TOKENS + _RESERVE) - _RESERVE


@frozen(kw_only=True)
class Contender:
    """One way to complete."""

    name: str
    setting: TrialSetting


@frozen(kw_only=True)
class Contest:
    """What is to be compared, and on what."""

    header: GgufHeader
    spec: EngineSpec
    profiles: Mapping[Mode, Profile]
    preferences: Preferences
    smart: TrialSetting
    """leanwide as it is set up."""
    usual_context: int
    """Prompt tokens of the code mode when nobody sets or measures anything."""
    repository: SampledRepository
    index_folder: Path
    meter: EnergyMeter
    tell: Callable[[str], None]
    """Passes on what leanwide tells its user."""

    @property
    def contenders(self) -> tuple[Contender, ...]:
        """Smart, the maximum, the defaults where they are others, and settings between them."""
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
            between - {self.smart, usual}, key=lambda one: (one.experts, one.context_tokens)
        )
        return (*named, *(Contender(name="", setting=setting) for setting in ordered))

    def _other_experts(self, trained: int, most: int) -> Iterator[TrialSetting]:
        """Expert counts for the plot, each about twice the one before."""
        for count in (trained // 4, trained // 2, trained, 2 * trained, most):
            yield attrs.evolve(self.smart, experts=max(min(1, most), min(count, most)))

    def _other_contexts(self) -> Iterator[TrialSetting]:
        """Contexts for the plot: every second one that tuning knows."""
        for tokens in contexts(self.header)[::2]:
            yield attrs.evolve(self.smart, context_tokens=tokens)

    @property
    def longest(self) -> int:
        """Prompt tokens of the maximum."""
        return max(self.smart.context_tokens, min(MAX_CONTEXT_TOKENS, longest_prompt(self.header)))

    def bench(self, opened: Engines, workspace: WorkspaceContext) -> TrialBench:
        """Give what the trials of all contenders share but the maximum."""
        ordinary = (self.smart.context_tokens, self.usual_context, *contexts(self.header))
        return TrialBench(
            engines=opened,
            spec=self.spec,
            profiles=self.profiles,
            preferences=self.preferences,
            workspace=workspace,
            longest=max(ordinary),
            energy=self.meter.joules,
            tell=self.tell,
        )


def maximum_bench(bench: TrialBench, longest: int) -> TrialBench:
    """Give what the trials of the maximum need: it reads all that fits when it is asked."""
    return attrs.evolve(
        bench, preferences=ON_REQUEST_ONLY, longest=longest, prepare=show_everything, machines={}
    )


Outcomes = Mapping[Contender, Mapping[str, TrialOutcome]]
"""By contender, then by visit: every contender made the same visits."""


async def compare(
    contest: Contest, seconds: float, tell: Callable[[TuningProgress], None]
) -> Outcomes:
    """Have all contenders make one visit after the other, until the time is spent.

    Raises:
        EngineError: The model cannot be loaded, or has no FIM tokens.
    """
    clock = Clock(seconds, tell)
    clock.until(1.0, "reading the repository")
    workspace = build_index(contest.repository.area, contest.index_folder, INDEX_SHARE * seconds)
    found: dict[Contender, dict[str, TrialOutcome]] = {one: {} for one in contest.contenders}
    async with engines(max_engines(contest.spec)) as opened:
        bench = contest.bench(opened, workspace)
        benches = {MAXIMUM: maximum_bench(bench, contest.longest)}
        # The maximum's visit may take minutes.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(clock.left):
                for done, contender, visit in _turns(contest):
                    clock.until(1.0, f"{done} visits, {len(found)} settings")
                    own = benches.get(contender.name, bench)
                    found[contender][visit.id] = await run_visit(visit, contender.setting, own)
    return _complete(found)


def _turns(contest: Contest) -> Iterator[tuple[int, Contender, Visit]]:
    """Yield who makes which visit, and how many visits everybody has made."""
    visits = contest.repository.visits
    size = 1 if max_engines(contest.spec) > 1 else BLOCK
    for done in range(0, len(visits), size):
        # Who is first changes, so that a machine that slows down treats them alike.
        order = contest.contenders if done // size % 2 else reversed(contest.contenders)
        for contender, visit in product(order, visits[done : done + size]):
            yield done, contender, visit


def _complete(found: Outcomes) -> Outcomes:
    """Keep the visits that every contender made."""
    common = set.intersection(*(set(outcomes) for outcomes in found.values()))
    return {
        contender: {visit: one for visit, one in outcomes.items() if visit in common}
        for contender, outcomes in found.items()
    }
