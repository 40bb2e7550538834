"""Finds the settings that fit a model, a machine and a repository, within a given time.

Answers four questions in this order: which engine variant is faster (``speed.py``), how many
experts completions need, how many are best for answers, and how much context completions need with
that expert count (``sweep.py`` each). Only the first one depends on the clock. This file decides
what is asked, on what, and for how long; ``deciding.py`` decides which setting the evidence
supports, ``tuned_settings.py`` which of them are written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from leanwide.engine.specs import ModelSpec
from leanwide.features.session import Preferences
from leanwide.models.expert_count import EXPERTS_KEY
from leanwide.models.gguf_header import GgufHeader
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
"""The questions about quality, in the order in which they are answered."""
CONTEXTS: Final = (256, 512, 768, 1024, 1536, 2048)
"""Candidate sizes, in prompt tokens: less is no context, more is too slow while typing."""
_WIDTHS: Final = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
"""Candidate expert counts, as shares of the trained one."""
RESERVE_TOKENS: Final = 320
"""Tokens of a model's context that a prompt leaves free, for the true text and markers."""
_SPEED_END: Final = 0.25
"""Share of the whole time at which the comparison of engine variants ends."""
_END: Final = {EXPERTS: 0.6, ANSWERS: 0.7, CONTEXT: 1.0}
"""Shares of the whole time at which the other questions end."""


@frozen(kw_only=True)
class TuningJob:
    """What is to be tuned."""

    subject: TunedSubject
    header: GgufHeader
    spec: ModelSpec
    """The engine as it is set up now."""
    profiles: Mapping[Mode, Profile]
    preferences: Preferences
    variants: tuple[Variant, ...]
    repository: SampledRepository
    results: Mapping[str, Results]
    """By :data:`QUESTIONS`. A setting that two questions share is measured for each of them, so
    that its times come from the same period as the times it is compared with."""
    index_folder: Path
    tolerance: float
    """How much worse the chosen setting's NLL may be, as a share of the best one's."""
    seconds: float
    """Time for the whole run."""
    before: Mapping[str, int | str]
    """The settings in force, by their full names."""
    tell: Callable[[str], None]
    """Shows a message of leanwide to the user."""

    def trials(self, name: str) -> tuple[Trial, ...]:
        """Return the trials that answer one of :data:`QUESTIONS`."""
        if name == ANSWERS:
            return tuple(
                Trial(id=function.id, places=1, run=partial(run_question, function))
                for function in self.repository.documented
            )
        return tuple(
            Trial(id=visit.id, places=len(visit.places), run=partial(run_visit, visit))
            for visit in self.repository.visits
        )


@frozen(kw_only=True)
class TuningProgress:
    """What a run is doing, for a progress bar."""

    doing: str
    seconds_left: float


@frozen(kw_only=True)
class Findings:
    """The answers to all questions."""

    speed: tuple[SpeedResult, ...]
    experts: Judgement[TrialSetting] | None
    """None where the model is dense or the time ran out before."""
    answers: Judgement[TrialSetting] | None
    """About expert counts, judged by the documentation of functions."""
    think: int | None
    """The expert count for questions; None without enough evidence."""
    context: Judgement[TrialSetting] | None
    seconds: float


Tell = Callable[[TuningProgress], None]


def expert_counts(header: GgufHeader) -> tuple[int, ...]:
    """Return the expert counts to measure; none for a dense model."""
    most, trained = header.number("expert_count"), header.number(EXPERTS_KEY)
    counts = {min(most, max(1, round(share * trained))) for share in _WIDTHS}
    return tuple(sorted(counts)) if most else ()


def contexts(header: GgufHeader) -> tuple[int, ...]:
    """Return the context sizes to measure, in tokens, that the model has room for."""
    most = header.number("context_length") or CONTEXTS[-1]
    fitting = tuple(tokens for tokens in CONTEXTS if tokens + RESERVE_TOKENS <= most)
    return fitting or CONTEXTS[:1]


class Clock:
    """The time of a run, reported before each step."""

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
        """Report the next step; return whether less than ``share`` of the time is spent."""
        self._tell(TuningProgress(doing=doing, seconds_left=self.left))
        return self.spent < share * self._seconds


async def tune(job: TuningJob, tell: Tell) -> Findings:
    """Answer the four questions.

    Raises:
        EngineError: The model cannot be loaded or has no FIM tokens, or results cannot be written.
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
            notify=job.tell,
        )
        now = job.profiles[Mode.CODE].context_tokens
        context = min(lengths, key=lambda tokens: abs(tokens - now))
        usual = job.header.number(EXPERTS_KEY)
        speed = await _speed(job, bench, TrialSetting(experts=usual, context_tokens=context), clock)
        await opened.close()
        counts = expert_counts(job.header)
        widths = tuple(TrialSetting(experts=count, context_tokens=context) for count in counts)
        experts = await _sweep(job, bench, widths, clock, EXPERTS)
        answers = await _sweep(job, bench, widths, clock, ANSWERS)
        lean = experts.chosen.experts if experts is not None else usual
        asked = tuple(TrialSetting(experts=lean, context_tokens=tokens) for tokens in lengths)
        return Findings(
            speed=speed,
            experts=experts,
            answers=answers,
            think=_think(job, answers, ANSWERS) or _think(job, experts, EXPERTS),
            context=await _sweep(job, bench, asked, clock, CONTEXT),
            seconds=clock.spent,
        )


async def _speed(
    job: TuningJob, bench: TrialBench, setting: TrialSetting, clock: Clock
) -> tuple[SpeedResult, ...]:
    def tell(number: int) -> bool:
        return clock.until(_SPEED_END, f"speed: {number} suggestions in each variant")

    return await measure_speed(job.variants, setting, job.repository.holes, bench, tell)


def _think(job: TuningJob, found: Judgement[TrialSetting] | None, name: str) -> int | None:
    """Return the best expert count by one question; the trained one if none is certainly better."""
    if found is None or not found.enough:
        return None
    evidence = job.results[name].evidence(found.order, [trial.id for trial in job.trials(name)])
    usual = evolve(found.best, experts=job.header.number(EXPERTS_KEY))
    return best_or_usual(found, evidence, usual).experts


async def _sweep(
    job: TuningJob,
    bench: TrialBench,
    asked: tuple[TrialSetting, ...],
    clock: Clock,
    name: str,
) -> Judgement[TrialSetting] | None:
    """Answer one of :data:`QUESTIONS`; None if there are no settings or too few places."""
    trials = job.trials(name)
    if not asked or sum(trial.places for trial in trials) < ENOUGH:
        return None

    def tell(judgement: Judgement[TrialSetting]) -> bool:
        done, live = judgement.places, len(judgement.live)
        return clock.until(_END[name], f"{name}: {done} places, {live} of {len(asked)} still open")

    question = Sweep(
        order=asked,
        trials=trials,
        tolerance=job.tolerance,
        bench=bench,
        results=job.results[name],
        at_once=len(asked) <= MAX_SHARED_ENGINES and max_engines(job.spec) > 1,
    )
    return await sweep(question, tell)
