"""Answers to HumanEval-Infilling as a table and as JSON data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
from attrs import frozen
from rich.box import SIMPLE_HEAD
from rich.table import Table

from leanwide_bench.infilling.results import InfillAnswer, InfillSetting, Subject, TaskResults
from leanwide_bench.infilling.statistics import PairedDifference, PairedTask, Share, compare, wilson
from leanwide_bench.places.places import InfillTask
from leanwide_bench.replay.measure import Spread, spread


@frozen(kw_only=True)
class InfillingFigures:
    """All tasks at one setting."""

    setting: InfillSetting
    tasks: int
    suggestions: int
    """Tasks with a suggestion."""
    exact: Share
    passed: Share | None
    """pass@1; None where no program was run."""
    timed_out: int
    ms: Spread | None
    """Of answers with a suggestion, from the request to the whole suggestion."""
    exact_difference: PairedDifference | None
    """To the reference setting; None at the reference itself."""
    passed_difference: PairedDifference | None


@frozen(kw_only=True)
class InfillReport:
    """What was measured, and what came out."""

    subject: Subject
    seed: int
    tasks: Sequence[InfillTask]
    reference: InfillSetting
    """The setting that the others are compared with."""
    figures: Sequence[InfillingFigures]


def report(
    subject: Subject,
    seed: int,
    tasks: Sequence[InfillTask],
    settings: Sequence[InfillSetting],
    results: TaskResults,
) -> InfillReport:
    """Return the figures of settings, the last of which is the reference.

    Raises:
        ValueError: There is no task.
    """
    by_setting = {
        setting: [answer for task in tasks if (answer := results.find(task.name, setting))]
        for setting in settings
    }
    reference = by_setting[settings[-1]]
    problems = [task.problem for task in tasks]
    return InfillReport(
        subject=subject,
        seed=seed,
        tasks=tasks,
        reference=settings[-1],
        figures=[_figures(answers, reference, problems) for answers in by_setting.values()],
    )


def as_data(found: InfillReport) -> dict[str, Any]:
    """Return the figures as JSON data; units are in the names."""
    return {
        **attrs.asdict(found.subject),
        "seed": found.seed,
        "reference": attrs.asdict(found.reference),
        "results": [attrs.asdict(figures) for figures in found.figures],
        "task_ids": [task.name for task in found.tasks],
    }


def as_table(found: InfillReport) -> Table:
    """Return a table with a row for each setting."""
    table = Table(
        *("experts", "context", "suggestions", "exact line", "pass@1", "p50 ms", "p95 ms"),
        "difference",
        box=SIMPLE_HEAD,
        title=f"{found.subject.model}: HumanEval-Infilling, {len(found.tasks)} single-line tasks",
    )
    for column in table.columns:
        column.justify = "right"
    for row in found.figures:
        ms = (f"{row.ms.p50:,.0f}", f"{row.ms.p95:,.0f}") if row.ms else ("-", "-")
        table.add_row(
            str(row.setting.experts or "-"),
            f"{row.setting.context:,}",
            str(row.suggestions),
            _share(row.exact),
            "not run" if row.passed is None else _share(row.passed),
            *ms,
            _difference(row.passed_difference or row.exact_difference),
        )
    what = "exact lines" if found.figures[0].passed is None else "pass@1"
    table.caption = (
        "95 % intervals; difference: "
        f"{what}, in points, to the last row at the same tasks, with McNemar's p"
    )
    return table


def _figures(
    answers: Sequence[InfillAnswer], reference: Sequence[InfillAnswer], problems: Sequence[str]
) -> InfillingFigures:
    ran = all(answer.outcome is not None for answer in (*answers, *reference))
    other = answers[0].setting != reference[0].setting
    pairs = list(zip(problems, reference, answers, strict=True))
    exact = [PairedTask(cluster=name, first=a.exact, second=b.exact) for name, a, b in pairs]
    passed = [PairedTask(cluster=name, first=a.passed, second=b.passed) for name, a, b in pairs]
    return InfillingFigures(
        setting=answers[0].setting,
        tasks=len(answers),
        suggestions=sum(bool(answer.text.strip()) for answer in answers),
        exact=wilson(sum(answer.exact for answer in answers), len(answers)),
        passed=wilson(sum(answer.passed for answer in answers), len(answers)) if ran else None,
        timed_out=sum(answer.outcome == "timed out" for answer in answers),
        ms=spread(answer.ms for answer in answers if answer.text.strip()),
        exact_difference=compare(exact) if other else None,
        passed_difference=compare(passed) if other and ran else None,
    )


def _share(share: Share) -> str:
    return f"{100 * share.share:.1f} % ({100 * share.low:.1f} to {100 * share.high:.1f})"


def _difference(found: PairedDifference | None) -> str:
    if found is None:
        return "reference"
    low, high = 100 * found.low, 100 * found.high
    return f"{100 * found.difference:+.1f} ({low:+.1f} to {high:+.1f}), p {found.p_value:.2g}"
