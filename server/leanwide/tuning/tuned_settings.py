"""Decides which settings a tuning run writes, and words the reason of each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from leanwide.engine.specs import ModelSpec
from leanwide.models.expert_count import EXPERTS_KEY, wanted_experts
from leanwide.models.gguf_header import GgufHeader
from leanwide.modes.profile import LEAN, WIDE, Profile
from leanwide.tuning.deciding import ENOUGH, Judgement, Loss
from leanwide.tuning.speed import fastest
from leanwide.tuning.tables import interval
from leanwide.tuning.trial import RequestOutcome, TrialSetting
from leanwide.tuning.tune import ANSWERS, CONTEXT, EXPERTS, Findings, TuningJob


@frozen(kw_only=True)
class TuningReport:
    """A finished tuning run with its measurements."""

    job: TuningJob
    findings: Findings
    measured: Mapping[str, Mapping[TrialSetting, Sequence[RequestOutcome]]]
    """By question."""

    @classmethod
    def of(cls, job: TuningJob, findings: Findings) -> TuningReport:
        """Return the report of a run, with the requests that each answer is based on."""
        asked = {
            EXPERTS: findings.experts,
            ANSWERS: findings.answers,
            CONTEXT: findings.context,
        }
        measured: dict[str, dict[TrialSetting, list[RequestOutcome]]] = {}
        for name, found in asked.items():
            if found is not None:
                ids = [trial.id for trial in job.trials(name)]
                measured[name] = {key: job.results[name].of(key, ids) for key in found.order}
        return cls(job=job, findings=findings, measured=measured)

    @property
    def places(self) -> int:
        """Number of places in all visits that were drawn."""
        return sum(len(visit.places) for visit in self.job.repository.visits)

    @property
    def quiet(self) -> bool:
        """Whether visits were made, and leanwide suggested nothing at any place."""
        asked = (self.measured.get(name, {}) for name in (EXPERTS, CONTEXT))
        made = any(len(self.job.results[name]) for name in (EXPERTS, CONTEXT))
        return made and not any(found for by_setting in asked for found in by_setting.values())

    @property
    def clear(self) -> bool:
        """Whether more measurements would most likely change no answer."""
        judgements = (self.findings.experts, self.findings.answers, self.findings.context)
        return all(judgement is None or judgement.clear for judgement in judgements)


def named_settings(spec: ModelSpec, code: Profile, header: GgufHeader) -> dict[str, int | str]:
    """Return the settings that tuning may change, by full name, with their present values."""
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
    """One setting that is written: its value before and after, and the reason."""

    name: str
    before: int | str
    after: int | str
    why: str


def changes(report: TuningReport) -> Iterator[SettingChange]:
    """Yield every setting with enough evidence."""
    before = report.job.before
    for name, value, why in (*_of_speed(report), *_of_experts(report), *_of_context(report)):
        yield SettingChange(name, before[name], value, why)


_Wanted = tuple[str, int | str, str]
"""A setting's name, its value, and the reason."""


def _of_speed(report: TuningReport) -> Iterator[_Wanted]:
    for result in fastest(report.findings.speed):
        why = f"a suggestion takes {-result.change.mean:.0%} less time ({interval(result.change)})"
        yield f"model.{result.variant.key}", result.variant.value, why


def _of_experts(report: TuningReport) -> Iterator[_Wanted]:
    found, answers = report.findings.experts, report.findings.answers
    if found is not None and found.enough:
        yield "lanes.lean.experts", found.chosen.experts, _why(found, count_of)
    if (think := report.findings.think) is not None:
        by_answers = answers is not None and answers.enough
        measure = "judged by the documentation of functions" if by_answers else "judged by code"
        trained = report.job.header.number(EXPERTS_KEY)
        better = f"certainly better than the trained count, {trained}, {measure}"
        usual = f"the trained count: no other one is certainly better, {measure}"
        yield "lanes.wide.experts", think, usual if think == trained else better


def _of_context(report: TuningReport) -> Iterator[_Wanted]:
    found = report.findings.context
    if found is not None and found.enough:
        yield "modes.code.context_tokens", found.chosen.context_tokens, _why(found, tokens_of)


def settings(report: TuningReport) -> dict[str, Any]:
    """Return the settings to write, as nested sections."""
    values: dict[str, Any] = {}
    for change in changes(report):
        *sections, key = change.name.split(".")
        section = values
        for name in sections:
            section = section.setdefault(name, {})
        section[key] = change.after
    return values


def count_of(setting: TrialSetting) -> str:
    """Return a setting's expert count as its name."""
    return str(setting.experts)


def tokens_of(setting: TrialSetting) -> str:
    """Return a setting's context size, in tokens, as its name."""
    return str(setting.context_tokens)


def _why(judgement: Judgement[TrialSetting], name: Callable[[TrialSetting], str]) -> str:
    """Return the reason of a choice, and how the next cheaper setting compares."""
    chosen = judgement.chosen
    if chosen == judgement.best:
        text = "the best"
    else:
        text = f"{_worse(judgement.losses[chosen])} than the best, {name(judgement.best)}"
    cheaper = judgement.order[: judgement.order.index(chosen)]
    if not cheaper:
        return text
    next_best = cheaper[-1]
    unsure = "" if judgement.beyond(next_best) else ", which more time may show to be enough"
    return f"{text}; {name(next_best)} is {_worse(judgement.losses[next_best])}{unsure}"


def _worse(loss: Loss) -> str:
    word = "worse" if loss.mean >= 0 else "better"
    return f"{abs(loss.mean):.1%} {word} ({interval(loss)})"


def why_lines(report: TuningReport) -> list[str]:
    """Return a line for each setting that is written."""
    return [f"{change.name} = {change.after}: {change.why}" for change in changes(report)]


def as_text(report: TuningReport) -> str:
    """Return a line for each changed setting: old value, new value, reason."""
    lines = []
    for change in changes(report):
        same = str(change.before) == str(change.after)
        was = "as before" if same else f"was {change.before}"
        lines.append(f"{change.name} = {change.after} ({was}): {change.why}")
    return "\n".join((*lines, f"measured for {report.findings.seconds:.0f} s"))


def why_undecided(report: TuningReport) -> str:
    """Return why no setting is written; "" if any is."""
    if any(changes(report)):
        return ""
    if (places := report.places) < ENOUGH:
        return f"{places} places to complete are too few to decide: {ENOUGH} are needed"
    if report.quiet:
        return "leanwide suggests nothing in this code while you type: there is nothing to judge"
    return "the time was too short to decide anything: give more --minutes"
