"""Finds the settings that fit a model, a machine and a repository, within a given time.

Four questions, one after the other: what makes the engine faster, how many experts typing needs,
how many are best for answers, and how much context typing needs with its experts. Only the first
one goes by the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from leanwide.engine.base import EngineSpec
from leanwide.features.session import Preferences
from leanwide.models.gguf import GgufHeader
from leanwide.models.limits import EXPERTS_KEY
from leanwide.modes.profile import Mode, Profile
from leanwide.tuned import TunedSubject
from leanwide.tuning.answering import run_question
from leanwide.tuning.deciding import ENOUGH, Judgement, best_or_usual
from leanwide.tuning.engines import MAX_SHARED_ENGINES, engines, max_engines
from leanwide.tuning.repository import INDEX_SHARE, SampledRepository, build_index
from leanwide.tuning.results import Results
from leanwide.tuning.speed import SpeedResult, Variant, measure_speed
from leanwide.tuning.sweep import Sweep, sweep
from leanwide.tuning.trial import Trial, TrialBench, TrialSetting
from leanwide.tuning.visiting import run_visit

EXPERTS, ANSWERS, CONTEXT = QUESTIONS = ("experts", "answers", "context")
"""What is asked of quality, in this order."""
CONTEXTS: Final = (256, 512, 768, 1024, 1536, 2048)
"""Prompt tokens to choose among: less is no context, more is no completion while typing."""
_WIDTHS: Final = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
"""Expert counts to choose among, as shares of the trained one."""
RESERVE_TOKENS: Final = 320
"""Tokens of a model's context that a prompt leaves for the rest of a trial."""
_SPEED_END, _EXPERTS_END, _ANSWERS_END = 0.25, 0.6, 0.7
"""Shares of the time after which each question but the last has to be done."""


@frozen(kw_only=True)
class TuningJob:
    """What is to be tuned."""

    subject: TunedSubject
    header: GgufHeader
    spec: EngineSpec
    """The engine as it is set up now."""
    profiles: Mapping[Mode, Profile]
    preferences: Preferences
    variants: tuple[Variant, ...]
    repository: SampledRepository
    results: Mapping[str, Results]
    """By :data:`QUESTIONS`: what two of them have in common is measured for each, so that its times
    come from the same moments as the others'."""
    index_folder: Path
    tolerance: float
    """The share of the best setting's NLL by which the chosen one may be worse."""
    seconds: float
    """Time for all of it."""
    before: Mapping[str, int | str]
    """The settings in force, by their full names."""
    tell: Callable[[str], None]
    """Passes on what leanwide tells its user."""

    def trials(self, name: str) -> tuple[Trial, ...]:
        """Give what one of :data:`QUESTIONS` is measured on."""
        if name == ANSWERS:
            return tuple(
                Trial(id=one.id, places=1, run=partial(run_question, one))
                for one in self.repository.documented
            )
        return tuple(
            Trial(id=one.id, places=len(one.places), run=partial(run_visit, one))
            for one in self.repository.visits
        )


@frozen(kw_only=True)
class TuningProgress:
    """Where a run is, for whoever watches."""

    doing: str
    seconds_left: float


@frozen(kw_only=True)
class Findings:
    """What came out."""

    speed: tuple[SpeedResult, ...]
    experts: Judgement[TrialSetting] | None
    """None where a model has none to choose from, or the time was spent before."""
    answers: Judgement[TrialSetting] | None
    """Of expert counts by what was said of functions."""
    think: int | None
    """The expert count for questions; None where nothing is known of it."""
    context: Judgement[TrialSetting] | None
    seconds: float


Tell = Callable[[TuningProgress], None]


def expert_counts(header: GgufHeader) -> tuple[int, ...]:
    """Give the expert counts that are worth measuring; none for a dense model."""
    most, trained = header.number("expert_count"), header.number(EXPERTS_KEY)
    counts = {min(most, max(1, round(share * trained))) for share in _WIDTHS}
    return tuple(sorted(counts)) if most else ()


def contexts(header: GgufHeader) -> tuple[int, ...]:
    """Give the contexts that are worth measuring, as far as the model reaches."""
    most = header.number("context_length") or CONTEXTS[-1]
    fitting = tuple(tokens for tokens in CONTEXTS if tokens + RESERVE_TOKENS <= most)
    return fitting or CONTEXTS[:1]


class Clock:
    """The time that a run has."""

    def __init__(self, seconds: float, tell: Tell) -> None:
        self._began = time.monotonic()
        self._seconds = seconds
        self._tell = tell

    @property
    def spent(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    @property
    def left(self) -> float:
        """Seconds until the end."""
        return max(0.0, self._seconds - self.spent)

    def until(self, share: float, doing: str) -> bool:
        """Tell what is done, and give whether there is time for it."""
        self._tell(TuningProgress(doing=doing, seconds_left=self.left))
        return self.spent < share * self._seconds


async def tune(job: TuningJob, tell: Tell) -> Findings:
    """Measure and decide.

    Raises:
        EngineError: The model cannot be loaded or has no FIM tokens, or results cannot be kept.
    """
    clock = Clock(job.seconds, tell)
    clock.until(1.0, "reading the repository")
    workspace = build_index(job.repository.area, job.index_folder, INDEX_SHARE * job.seconds)
    lengths = contexts(job.header)
    async with engines(max_engines(job.spec)) as opened:
        bench = TrialBench(
            engines=opened,
            spec=job.spec,
            profiles=job.profiles,
            preferences=job.preferences,
            workspace=workspace,
            longest=lengths[-1],
            tell=job.tell,
        )
        context = _nearest(lengths, job.profiles[Mode.CODE].context_tokens)
        usual = job.header.number(EXPERTS_KEY)
        speed = await _speed(job, bench, TrialSetting(experts=usual, context_tokens=context), clock)
        await opened.close()
        counts = expert_counts(job.header)
        widths = tuple(TrialSetting(experts=count, context_tokens=context) for count in counts)
        experts = await _sweep(job, bench, widths, clock, (_EXPERTS_END, EXPERTS))
        answers = await _sweep(job, bench, widths, clock, (_ANSWERS_END, ANSWERS))
        lean = experts.chosen.experts if experts is not None else usual
        asked = tuple(TrialSetting(experts=lean, context_tokens=tokens) for tokens in lengths)
        return Findings(
            speed=speed,
            experts=experts,
            answers=answers,
            think=_think(job, answers, ANSWERS) or _think(job, experts, EXPERTS),
            context=await _sweep(job, bench, asked, clock, (1.0, CONTEXT)),
            seconds=clock.spent,
        )


async def _speed(
    job: TuningJob, bench: TrialBench, setting: TrialSetting, clock: Clock
) -> tuple[SpeedResult, ...]:
    def tell(number: int) -> bool:
        return clock.until(_SPEED_END, f"speed: {number} suggestions in each variant")

    return await measure_speed(job.variants, setting, job.repository.holes, bench, tell)


def _think(job: TuningJob, found: Judgement[TrialSetting] | None, name: str) -> int | None:
    """The best expert count by one question, the trained one where none is certainly better."""
    if found is None or not found.enough:
        return None
    evidence = job.results[name].evidence(found.order, [one.id for one in job.trials(name)])
    usual = evolve(found.best, experts=job.header.number(EXPERTS_KEY))
    return best_or_usual(found, evidence, usual).experts


async def _sweep(
    job: TuningJob,
    bench: TrialBench,
    asked: tuple[TrialSetting, ...],
    clock: Clock,
    share: tuple[float, str],
) -> Judgement[TrialSetting] | None:
    """Ask one question; None where there is nothing to ask."""
    end, name = share
    trials = job.trials(name)
    if not asked or sum(one.places for one in trials) < ENOUGH:
        return None

    def tell(judgement: Judgement[TrialSetting]) -> bool:
        done, live = judgement.places, len(judgement.live)
        return clock.until(end, f"{name}: {done} places, {live} of {len(asked)} still open")

    question = Sweep(
        order=asked,
        trials=trials,
        tolerance=job.tolerance,
        bench=bench,
        results=job.results[name],
        at_once=len(asked) <= MAX_SHARED_ENGINES and max_engines(job.spec) > 1,
    )
    return await sweep(question, tell)


def _nearest(values: tuple[int, ...], wanted: int) -> int:
    return min(values, key=lambda value: abs(value - wanted))
