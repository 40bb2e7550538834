"""What a tuning run found, as settings with the reason of each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from leanwide.engine.base import EngineSpec
from leanwide.models.gguf import GgufHeader
from leanwide.models.limits import EXPERTS_KEY, wanted_experts
from leanwide.modes.profile import LEAN, WIDE, Profile
from leanwide.tuning.deciding import ENOUGH, Judgement, Loss
from leanwide.tuning.speed import fastest
from leanwide.tuning.tables import interval
from leanwide.tuning.trial import RequestOutcome, TrialSetting
from leanwide.tuning.tune import ANSWERS, CONTEXT, EXPERTS, Findings, TuningJob


@frozen(kw_only=True)
class TuningReport:
    """A tuning run, as it is told."""

    job: TuningJob
    findings: Findings
    measured: Mapping[str, Mapping[TrialSetting, Sequence[RequestOutcome]]]
    """By the question."""

    @classmethod
    def of(cls, job: TuningJob, findings: Findings) -> TuningReport:
        """Gather what a run measured."""
        asked = {
            EXPERTS: findings.experts,
            ANSWERS: findings.answers,
            CONTEXT: findings.context,
        }
        measured: dict[str, dict[TrialSetting, list[RequestOutcome]]] = {}
        for name, found in asked.items():
            if found is not None:
                ids = [one.id for one in job.trials(name)]
                measured[name] = {key: job.results[name].of(key, ids) for key in found.order}
        return cls(job=job, findings=findings, measured=measured)

    @property
    def places(self) -> int:
        """Places of all visits that were drawn."""
        return sum(len(one.places) for one in self.job.repository.visits)

    @property
    def quiet(self) -> bool:
        """Whether visits were made, and leanwide suggested nothing at any place."""
        asked = (self.measured.get(name, {}) for name in (EXPERTS, CONTEXT))
        made = any(len(self.job.results[name]) for name in (EXPERTS, CONTEXT))
        return made and not any(some for by_setting in asked for some in by_setting.values())

    @property
    def clear(self) -> bool:
        """Whether every question has its answer."""
        asked = (self.findings.experts, self.findings.answers, self.findings.context)
        return all(one is None or one.clear for one in asked)


def named_settings(spec: EngineSpec, code: Profile, header: GgufHeader) -> dict[str, int | str]:
    """Give what tuning may change, by its full name, with the number that is meant."""
    widths = {lane.name: wanted_experts(header, lane.experts) for lane in spec.lanes}
    return {
        "model.threads": spec.threads,
        "model.batch_tokens": spec.batch_tokens,
        "model.flash_attention": "off" if spec.keeps_scores else "on",
        "lanes.lean.experts": widths[LEAN],
        "lanes.wide.experts": widths[WIDE],
        "modes.code.context_tokens": code.context_tokens,
    }


@frozen
class SettingChange:
    """One setting that is written, what it was, and why."""

    name: str
    before: int | str
    after: int | str
    why: str


def changes(report: TuningReport) -> Iterator[SettingChange]:
    """Yield every setting that there is enough evidence for."""
    before = report.job.before
    for name, value, why in (*_of_speed(report), *_of_experts(report), *_of_context(report)):
        yield SettingChange(name, before[name], value, why)


_Wanted = tuple[str, int | str, str]
"""A setting's name, its value, and why."""


def _of_speed(report: TuningReport) -> Iterator[_Wanted]:
    for result in fastest(report.findings.speed):
        why = f"a suggestion takes {-result.change.mean:.0%} less time ({interval(result.change)})"
        yield f"model.{result.variant.key}", result.variant.value, why


def _of_experts(report: TuningReport) -> Iterator[_Wanted]:
    found, answers = report.findings.experts, report.findings.answers
    if found is not None and found.enough:
        yield "lanes.lean.experts", found.chosen.experts, _why(found, count_of)
    if (think := report.findings.think) is not None:
        by_words = answers is not None and answers.enough
        means = "by what is said of functions" if by_words else "by the code that it completes"
        trained = report.job.header.number(EXPERTS_KEY)
        better = f"certainly better than the {trained} that it was trained with, {means}"
        usual = f"as it was trained: no other count is certainly better, {means}"
        yield "lanes.wide.experts", think, usual if think == trained else better


def _of_context(report: TuningReport) -> Iterator[_Wanted]:
    found = report.findings.context
    if found is not None and found.enough:
        yield "modes.code.context_tokens", found.chosen.context_tokens, _why(found, tokens_of)


def settings(report: TuningReport) -> dict[str, Any]:
    """Give what is to be written, as sections."""
    values: dict[str, Any] = {}
    for change in changes(report):
        *sections, key = change.name.split(".")
        section = values
        for name in sections:
            section = section.setdefault(name, {})
        section[key] = change.after
    return values


def count_of(setting: TrialSetting) -> str:
    """Call a setting by its expert count."""
    return str(setting.experts)


def tokens_of(setting: TrialSetting) -> str:
    """Call a setting by its context."""
    return str(setting.context_tokens)


def _why(judgement: Judgement[TrialSetting], name: Callable[[TrialSetting], str]) -> str:
    """Say how a choice came about, and what would have been cheaper."""
    chosen = judgement.chosen
    if chosen == judgement.best:
        text = "the best"
    else:
        text = f"{_worse(judgement.losses[chosen])} than the best, {name(judgement.best)}"
    cheaper = judgement.order[: judgement.order.index(chosen)]
    if not cheaper:
        return text
    next_best = cheaper[-1]
    sure = "" if judgement.beyond(next_best) else ", which more time may show to be enough"
    return f"{text}; {name(next_best)} is {_worse(judgement.losses[next_best])}{sure}"


def _worse(one: Loss) -> str:
    word = "worse" if one.mean >= 0 else "better"
    return f"{abs(one.mean):.1%} {word} ({interval(one)})"


def why_lines(report: TuningReport) -> list[str]:
    """Give a line for each setting that is written."""
    return [f"{change.name} = {change.after}: {change.why}" for change in changes(report)]


def as_text(report: TuningReport) -> str:
    """Say what changes and why, a line each."""
    lines = []
    for change in changes(report):
        same = str(change.before) == str(change.after)
        was = "as before" if same else f"was {change.before}"
        lines.append(f"{change.name} = {change.after} ({was}): {change.why}")
    return "\n".join((*lines, f"measured for {report.findings.seconds:.0f} s"))


def why_undecided(report: TuningReport) -> str:
    """Say why nothing was decided; "" where something was."""
    if any(changes(report)):
        return ""
    if (places := report.places) < ENOUGH:
        return f"{places} places to complete are too few to decide: {ENOUGH} are needed"
    if report.quiet:
        return "nothing is suggested in this code while somebody types: there is nothing to judge"
    return "the time was too short to decide anything: give more --minutes"
